/** The variables that a review hands to the approval, by what they hold. */
export const REVIEWED = { changes: 'CHANGES', cost: 'COST', log: 'REVIEW_LOG' } as const;

/**
 * The shell of a review: prints the difference between an environment as it is deployed and as it was synthesized, and what
 * it would cost, and keeps a line of each for who has to approve. Runs in the repository, with the cloud assembly in
 * `cdk.out`.
 */
export function reviewCommands(environmentName: string, assembly: string): string[] {
  return [
    'set -o pipefail',
    'npm ci --no-audit --no-fund',
    `npx cdk diff --app cdk.out/${assembly} --no-color --no-notices 2>&1 | tee difference.txt`,
    `npm run --silent cost -- --offline -c environment=${environmentName} | tee cost.txt`,
    `export ${REVIEWED.changes}="$(grep -o 'Number of stacks with differences: [0-9]*' difference.txt | tail -n 1)"`,
    `export ${REVIEWED.cost}="$(tail -n 1 cost.txt)"`,
    `export ${REVIEWED.log}="$CODEBUILD_BUILD_URL"`,
  ];
}
