/** A mistake that a person can mend: the message says what was got and what is wanted, and is printed without a stack. */
export class Mistake extends Error {}
