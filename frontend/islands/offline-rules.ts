import type { KitCondition, KitForm, KitQuestion, KitRule } from "./offline-store";

/**
 * What a telephone without network says of an answer: the questions it leads to, what is impossible, and the worst colour of
 * the rules that one value decides alone. Whatever needs the values before waits for the server, as does green.
 */
export type Answers = Record<string, string[]>;
type Test = KitRule["tests"][number];

export function asked(form: KitForm, answers: Answers): KitQuestion[] {
  let visible = form.questions;
  for (;;) {
    const known = new Set(visible.map((question) => question.link_id));
    const counted = (name: string) => (known.has(name) ? (answers[name] ?? []) : []);
    const now = form.questions.filter((question) =>
      question.enable_when.every((group) => {
        const holding = group.conditions.filter((one) => holds(one, counted(one.link_id)));
        return group.any ? holding.length > 0 : holding.length === group.conditions.length;
      }),
    );
    if (now.length >= visible.length) break; // hiding only hides more
    visible = now;
  }
  return visible.filter((question) => question.kind !== "display");
}

/** Why this is no answer, '' when it is one. */
export function refused(question: KitQuestion, values: string[]): string {
  if (!["integer", "decimal", "quantity"].includes(question.kind)) return "";
  const number = numberOf(values[0] ?? "");
  if (number === null) return "Écrivez un nombre en chiffres, par exemple 36,7.";
  if (question.kind === "integer" && !Number.isInteger(number)) return "Écrivez un nombre entier, en chiffres.";
  const { lowest, highest, unit } = question;
  if ((lowest === null || number >= lowest) && (highest === null || number <= highest)) return "";
  const celsius = Math.round(((number - 32) * 50) / 9) / 10;
  if (/^(°c|cel|c)$/i.test(unit) && number >= 90 && number <= 115)
    return `${inFrench(number)} en °F ? Si oui, écrivez ${inFrench(celsius)}. Sinon, mesurez à nouveau.`;
  if (unit === "mmHg" && number >= 3 && number <= 30)
    return `${inFrench(number)} en cm de mercure ? Si oui, écrivez ${inFrench(number * 10)}. Sinon, mesurez à nouveau.`;
  const between = [lowest, highest].map((bound) => (bound === null ? "…" : inFrench(bound))).join(" et ");
  return `${inFrench(number)} n’est pas possible : écrivez une valeur entre ${between}, ou mesurez à nouveau.`;
}

export function worst(form: KitForm, answers: Answers): "red" | "orange" | "" {
  const fired = new Map<string, string>();
  for (const { rule, item, colour, tests } of form.rules) {
    const values = answers[item] ?? [];
    if (values.length && !fired.has(rule) && tests.some((test) => fits(test, values))) fired.set(rule, colour);
  }
  const colours = [...fired.values()];
  return colours.includes("red") ? "red" : colours.includes("orange") ? "orange" : "";
}

function fits(test: Test, values: string[]): boolean {
  if (test.code !== undefined) return values.includes(test.code);
  const number = numberOf(values[0] ?? "");
  if (number === null) return false;
  if (test.from !== undefined && test.to !== undefined) return test.from <= number && number <= test.to;
  return test.op !== undefined && test.number !== undefined && compares(test.op, number, test.number);
}

/** FHIR R4, enableWhen: all operators but `exists` and `!=` need an answer; one value of several is enough. */
function holds({ operator, value }: KitCondition, answers: string[]): boolean {
  if (operator === "exists") return answers.length > 0 === value;
  if (!answers.length) return false;
  const equals = (one: string) => one === String(value) || (typeof value === "number" && numberOf(one) === value);
  if (operator === "!=") return !answers.some(equals);
  if (operator === "=") return answers.some(equals);
  if (typeof value === "number") return answers.some((one) => compares(operator, numberOf(one) ?? NaN, value));
  // Days and hours, as ISO 8601 writes them.
  return typeof value === "string" && answers.some((one) => compares(operator, one, value));
}

function compares<T extends number | string>(operator: string, left: T, right: T): boolean {
  if (operator === ">") return left > right;
  if (operator === ">=") return left >= right;
  if (operator === "<") return left < right;
  return operator === "<=" ? left <= right : left === right;
}

function numberOf(text: string): number | null {
  const said = text.trim().replace(",", ".");
  return /^[+-]?\d{1,12}(\.\d{1,12})?$/.test(said) ? Number(said) : null;
}

function inFrench(number: number): string {
  return String(number).replace(".", ",");
}
