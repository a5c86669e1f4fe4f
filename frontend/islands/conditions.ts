/**
 * form[data-conditions]: a question is shown when the answers so far ask for it. Without this the page is asked again
 * (« Actualiser »). [data-shown-when] holds groups, all of which must hold: { any, of: [linkId, operator, value, expected][] }.
 */
type Condition = [name: string, operator: string, value: string | number | boolean | string[] | null, expected: boolean];
type Group = { any: boolean; of: Condition[] };

const PREFIX = "q-";

export function startConditions(): void {
  document.querySelectorAll<HTMLFormElement>("form[data-conditions]").forEach((form) => {
    form.addEventListener("input", () => refresh(form));
    form.addEventListener("change", () => refresh(form));
    refresh(form);
  });
}

function refresh(form: HTMLFormElement): void {
  const asked = [...form.querySelectorAll<HTMLElement>("[data-shown-when]")];
  // A question that is hidden answers nothing: what hangs on it is hidden in turn.
  for (let pass = 0; pass < 5; pass += 1) {
    let moved = false;
    for (const element of asked) {
      const groups = JSON.parse(element.dataset.shownWhen ?? "[]") as Group[];
      const hidden = !groups.every((group) => holds(form, group));
      moved ||= element.hidden !== hidden;
      element.hidden = hidden;
    }
    if (!moved) break;
  }
  form.querySelectorAll<HTMLElement>("[data-section]").forEach((section) => {
    section.hidden = !section.querySelector(".asked:not([hidden])");
  });
}

function holds(form: HTMLFormElement, group: Group): boolean {
  const one = (condition: Condition) => isTrue(given(form, condition[0]), condition);
  return group.any ? group.of.some(one) : group.of.every(one);
}

function given(form: HTMLFormElement, name: string): string[] {
  const fields = [...form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(PREFIX + name)}"]`)];
  return fields
    .filter((field) => !field.closest("[data-shown-when][hidden]"))
    .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
    .map((field) => field.value.trim())
    .filter(Boolean);
}

function isTrue(answers: string[], [, operator, value, expected]: Condition): boolean {
  if (operator === "exists") return answers.length > 0 === expected;
  return answers.some((answer) => compares(answer, operator, value));
}

function compares(answer: string, operator: string, value: Condition[2]): boolean {
  const isNumber = typeof value === "number";
  const left = isNumber ? Number(answer.replace(",", ".")) : answer;
  const right = isNumber ? value : String(value);
  switch (operator) {
    case "=":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case "<":
      return left < right;
    case ">=":
      return left >= right;
    case "<=":
      return left <= right;
    default:
      return false;
  }
}
