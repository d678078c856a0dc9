import { Stack } from 'aws-cdk-lib';
import { expect, test } from 'vitest';
import { findingsServiceIn } from '../support/findings-service';
import { type Acknowledgement, inspect, staleAcknowledgements } from './inspection';

const inspection = inspect((app) => findingsServiceIn(new Stack(app, 'Service')));

// CDK's own, on every stack that asks for its zones.
const OF_CDK = 'CloudFormation-Validate::W3010';
const isOurs = ({ rule }: Acknowledgement): boolean => rule !== OF_CDK;

test('the findings service has no finding and no warning', () => {
  expect(inspection.findings).toEqual([]);
});

test('it accepts findings one by one, each with a reason', () => {
  const poor = inspection.acknowledgements
    .filter(isOurs)
    .filter(({ reason, blanket }) => blanket || reason.split(/\s+/).length < 2);
  expect(poor).toEqual([]);
});

test('it accepts no finding that is not there', () => {
  expect(staleAcknowledgements(inspection).filter(isOurs)).toEqual([]);
});
