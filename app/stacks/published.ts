import { CfnDynamicReference, CfnDynamicReferenceService } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';

/**
 * Values that one stack publishes and another reads, through Systems Manager parameters. An export would forbid the
 * publishing stack to change its value while another stack uses it: a new password or a moved subnet could then not be
 * deployed at all. Names are `/tablesleuth/<environment>/<key>`.
 */
export class PublishedValues {
  constructor(private readonly environment: string) {}

  public publish(scope: Construct, key: string, value: string): void {
    new StringParameter(scope, `Published-${key}`, { parameterName: this.name(key), stringValue: value });
  }

  public read(scope: Construct, key: string): string {
    return StringParameter.valueForStringParameter(scope, this.name(key));
  }

  /**
   * The same as a reference in the place of the value, for a value that never changes: CloudFormation looks at it only when
   * the template around it changes. cfn-guard's rules for some properties fail at a parameter of the template.
   */
  public refer(key: string): string {
    return new CfnDynamicReference(CfnDynamicReferenceService.SSM, this.name(key)).toString();
  }

  /** The full name of the parameter of a key. */
  public name(key: string): string {
    return `/tablesleuth/${this.environment}/${key}`;
  }
}
