/** The program of a policy tool; exists once `preparePolicyTools` has run. */
export declare function policyTool(name: 'cfn-lint' | 'checkov'): string;

/**
 * Makes a virtual environment with cfn-lint and checkov below `.cache/policy`, or does nothing (in a few milliseconds)
 * when it is there and the locked requirements have not changed. The first time takes about a minute and 420 MB.
 */
export declare function preparePolicyTools(options?: { log?: (line: string) => void }): Promise<void>;
