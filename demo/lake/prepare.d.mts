/** The Python interpreter that has the table formats' writers; exists once `prepareLake` has run. */
export declare const LAKE_PYTHON: string;

/**
 * Makes the sample lake's own virtual environment below `.cache/lake`, or does nothing (in a few milliseconds) when it
 * is there and the locked requirements have not changed. The first time takes about a minute and 450 MB.
 */
export declare function prepareLake(options?: { log?: (line: string) => void }): Promise<void>;
