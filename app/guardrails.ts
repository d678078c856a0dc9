import { type App, Aspects, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { SecurityChecks } from '../src';

/** The checks of our own, on an app or on a stage: CDK hands no aspect on from an app to the stages in it. */
export function addSecurityChecks(scope: IConstruct): void {
  Aspects.of(scope).add(new SecurityChecks());
}

/** The rules that every synthesis must pass. A finding is fixed, or acknowledged beside its construct with a reason. */
export function addGuardrails(app: App): void {
  addSecurityChecks(app);
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app),
    new HIPAASecurityChecks(app),
    new NIST80053R5Checks(app),
    new PCIDSS321Checks(app),
    new ServerlessChecks(app),
  );
}
