import type { KitForm, KitQuestion } from "./offline-store";

/**
 * What a telephone without network says of an answer: the questions it leads to, impossible numbers, and the worst colour of
 * the rules that compare one value with a constant. Whatever needs the values before waits for the server.
 */
export type Answers = Record<string, string[]>;

export function asked(form: KitForm, answers: Answers): KitQuestion[] {
  const visible = new Set(form.questions.map((question) => question.linkId));
  for (let round = 0; round < form.questions.length; round += 1) {
    const hidden = form.questions.filter(
      (question) => visible.has(question.linkId) && !question.enableWhen.every((group) => holds(group, answers, visible)),
    );
    if (!hidden.length) break;
    hidden.forEach((question) => visible.delete(question.linkId));
  }
  return form.questions.filter((question) => visible.has(question.linkId) && question.kind !== "display");
}
