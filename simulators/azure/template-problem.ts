/** Something in a template that Azure does not take; its text stands in the message of `InvalidTemplate`. */
export class TemplateProblem extends Error {
  override readonly name = 'TemplateProblem';
}
