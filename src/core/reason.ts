/** Why something was decided: a word for programs, a sentence for people. */
export interface Reason<Code extends string = string> {
  code: Code;
  /** One line, without secrets. */
  text: string;
}
