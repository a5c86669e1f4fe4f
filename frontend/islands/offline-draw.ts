import { type KitQuestion } from "./offline-store";

/** What the page without network is made of: its elements, and how each kind of question is answered. */
export function answerOf(question: KitQuestion, known: string[], go: (values: string[]) => void): Node[] {
  const options =
    question.kind === "boolean"
      ? [
          { code: "true", label: "Oui" },
          { code: "false", label: "Non" },
        ]
      : question.options;
  if (options.length && !question.repeats) {
    const keys = options.map(({ code, label }) => {
      const css = known.includes(code) ? "fill-choice is-chosen" : "fill-choice";
      return button(label, css, () => go([code]));
    });
    return [element("div", { className: "fill-choices", role: "group" }, ...keys)];
  }
  if (options.length) return manyOf(options, known, go);
  return typed(question, known, go);
}

function manyOf(options: KitQuestion["options"], known: string[], go: (values: string[]) => void): Node[] {
  const boxes = options.map(({ code }) =>
    element("input", { type: "checkbox", value: code, checked: known.includes(code) }),
  );
  const labels = options.map(({ label }, index) => element("label", { className: "fill-choice" }, boxes[index]!, label));
  const chosen = () => boxes.filter((box) => (box as HTMLInputElement).checked).map((box) => (box as HTMLInputElement).value);
  return [element("div", { className: "fill-choices" }, ...labels), button("Continuer", "btn btn-main fill-go", () => go(chosen()))];
}

function typed(question: KitQuestion, known: string[], go: (values: string[]) => void): Node[] {
  const isNumber = ["integer", "decimal", "quantity"].includes(question.kind);
  const type = question.kind === "date" || question.kind === "time" ? question.kind : "text";
  // As the server takes them: what is longer would be refused once the network is back.
  const longest = Math.min(question.max_length ?? 5000, question.kind === "text" ? 5000 : 255);
  const input = element("input", { id: "valeur", type, value: known[0] ?? "", maxLength: isNumber ? 8 : longest }) as HTMLInputElement;
  input.setAttribute("aria-label", question.text);
  if (isNumber) input.inputMode = question.kind === "integer" ? "numeric" : "decimal";
  const form = element(
    "form",
    { className: "fill-form" },
    element("p", { className: isNumber ? "fill-value" : "field" }, input, question.unit ? element("span", {}, question.unit) : ""),
    element("button", { className: "btn btn-main fill-go", type: "submit" }, "Continuer"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(input.value.trim() ? [input.value.trim()] : []);
  });
  return question.control === "breathing-counter" ? [breathing(), form] : [form];
}

/** As questionnaires/fill/_breathing.html draws it. */
function breathing(): HTMLElement {
  const part = (tag: string, name: string, properties: Record<string, unknown>, ...children: (Node | string)[]) => {
    const made = element(tag, properties, ...children);
    made.setAttribute(`data-breathing-${name}`, "");
    return made;
  };
  const say = "Appuyez sur « Commencer », puis touchez le grand bouton à chaque respiration.";
  const holder = element(
    "div",
    { className: "fill-breathing", hidden: true },
    part("p", "say", {}, say),
    part("button", "start", { type: "button", className: "btn btn-second fill-breath" }, "Commencer"),
    part(
      "button",
      "tap",
      { type: "button", className: "fill-breath fill-breath-tap", hidden: true },
      part("b", "count", {}, "0"),
      part("span", "left", {}, "30 s"),
    ),
  );
  holder.dataset["breathing"] = "valeur";
  return holder;
}

export function heading(words: string): HTMLElement {
  return element("h1", { className: "question", tabIndex: -1 }, words);
}

export function text(words: string, className = ""): HTMLElement {
  return element("p", { className }, words);
}

export function button(words: string, className: string, act: () => void): HTMLElement {
  const made = element("button", { type: "button", className }, words);
  made.addEventListener("click", act);
  return made;
}

export function element(tag: string, properties: Record<string, unknown>, ...children: (Node | string)[]): HTMLElement {
  const { role, ...others } = properties;
  const made = Object.assign(document.createElement(tag), others);
  if (role) made.setAttribute("role", String(role));
  made.append(...children.filter((child) => child !== ""));
  return made;
}
