/** The Python interpreter of the emulated account; exists once `prepareEmulator` has run. */
export declare const EMULATOR_PYTHON: string;

/**
 * Makes the emulator's own virtual environment below `.cache/emulator`, or does nothing (in a few milliseconds) when
 * it is there and the locked requirements have not changed. The first time takes about 15 seconds and 90 MB.
 */
export declare function prepareEmulator(options?: { log?: (line: string) => void }): Promise<void>;
