/** The Python interpreter of the sweep; exists once `prepareSweep` has run. */
export declare const SWEEP_PYTHON: string;

/** The folder of that interpreter: what containers of the sweep's image are started with in an emulated account. */
export declare const SWEEP_PROGRAMS: string;

/**
 * Makes the sweep's own virtual environment below `.cache/sweep`, with the independent readers that its tests compare
 * with, or does nothing (in a few milliseconds) when it is there and the locked requirements have not changed. The first
 * time takes about a minute and 600 MB.
 */
export declare function prepareSweep(options?: { log?: (line: string) => void }): Promise<void>;
