/** Writes every snippet of the documents to a file of its own, and a tsconfig over them and the project: its path. */
export declare function writeSnippets(): string;

/** The fenced TypeScript of a document, each with the number of its first line. */
export declare function snippetsOf(markdown: string): Array<{ readonly line: number; readonly code: string }>;

/** A program that holds the code at its line of the document. */
export declare function program(line: number, code: string): string;
