import { Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Throws with the construct's path, so that the reader knows which of several constructs is meant. */
export function fail(scope: IConstruct, message: string): never {
  throw new Error(`${scope.node.path}: ${message}`);
}

/** Whether a value is known now, at synthesis, and can therefore be checked. */
export function isKnown(value: string | number | undefined): value is string | number {
  return value !== undefined && !Token.isUnresolved(value);
}
