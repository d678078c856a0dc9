/** A step from one form of the database to the next. One that was deployed is never changed: another one follows it. */
export interface Migration {
  /** One more than that of the step before. */
  readonly version: number;
  readonly name: string;
  readonly up: string;
  /** What undoes it, for a person who decides to: a deployment never runs it. */
  readonly down: string;
}
