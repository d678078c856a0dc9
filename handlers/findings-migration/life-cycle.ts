/** What the framework of custom resources calls its provider with. */
export interface LifeCycleEvent {
  readonly RequestType: string;
}

export interface LifeCycleAnswer {
  /** The same always: another one would have CloudFormation delete what the old one names. */
  readonly PhysicalResourceId: string;
  readonly Data?: { readonly Version: number };
}

const SCHEMA = { PhysicalResourceId: 'findings-schema' };

/**
 * A schema is made and changed with its resource, and stays when that is deleted: a database that goes takes it along, and
 * one that stays is kept for its findings.
 *
 * @param migrate brings the schema up to date, and tells its version
 */
export async function onEvent(event: LifeCycleEvent, migrate: () => Promise<number>): Promise<LifeCycleAnswer> {
  switch (event.RequestType) {
    case 'Create':
    case 'Update':
      return { ...SCHEMA, Data: { Version: await migrate() } };
    case 'Delete':
      return SCHEMA;
    default:
      throw new Error(`the type of the request is ${event.RequestType}, expected Create, Update or Delete`);
  }
}
