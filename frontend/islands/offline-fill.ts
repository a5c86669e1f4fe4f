import { prepareFilling } from "./fill";
import { answerOf, button, element, heading, text } from "./offline-draw";
import { sendWaiting } from "./offline-send";
import {
  emptyStore,
  keepWaiting,
  keptKit,
  waitingAnswers,
  type Kit,
  type KitForm,
  type KitQuestion,
  type Waiting,
} from "./offline-store";
import { asked, refused, worst, type Answers } from "./offline-rules";

/** The page without network, for who is followed at home: the same questions, one a screen, from what the telephone keeps. */
type Expected = Kit["expected"][number];

export async function startOfflineFilling(page: HTMLElement): Promise<void> {
  const kit = await keptKit().catch(() => null);
  if (!kit || new Date(kit.until) < new Date()) return;
  page.hidden = false;
  document.body.classList.add("portal", "fill-alone");
  document.querySelector(".state-page")?.remove();
  await new OfflinePage(page, kit).home();
}

class OfflinePage {
  constructor(
    private readonly page: HTMLElement,
    private readonly kit: Kit,
  ) {}

  async home(): Promise<void> {
    const waiting = await waitingAnswers();
    const now = new Date();
    const open = this.kit.expected.filter(
      (one) =>
        new Date(one.opens) <= now && now < new Date(one.closes) && !waiting.some((sent) => sent.occurrence === one.occurrence),
    );
    this.draw(
      heading("Mon suivi, sans réseau"),
      waiting.length ? text("Votre réponse est gardée sur ce téléphone. Elle partira toute seule dès que le réseau revient.") : "",
      ...open.map((one) => button(`Répondre : ${one.title}`, "btn btn-main fill-go", () => this.ask(one, {}, 0))),
      ...(this.kit.stopped ?? []).map(stopped),
      !open.length && !waiting.length ? text(this.nothingNow(now)) : "",
      this.kit.stopped?.length ? this.callCell() : "",
      button("Effacer mon suivi de ce téléphone", "btn btn-third", () => {
        emptyStore();
        this.draw(heading("C’est effacé"), text("Il ne reste rien de votre suivi sur ce téléphone."));
      }),
    );
  }

  private nothingNow(now: Date): string {
    const next = this.kit.expected.map((one) => new Date(one.opens)).filter((opens) => opens > now);
    if (!next.length) return this.kit.stopped?.length ? "" : "Aucun questionnaire n’est à remplir pour le moment.";
    const first = new Date(Math.min(...next.map(Number)));
    const day = first.toLocaleDateString("fr-FR", { weekday: "long", day: "numeric", month: "long" });
    const hour = first.toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" });
    return `Aucun questionnaire n’est à remplir pour le moment. Prochaines questions : ${day} à ${hour}.`;
  }

  private callCell(): HTMLElement | "" {
    if (!this.kit.phone) return "";
    return element("a", { className: "btn btn-second fill-go", href: `tel:${this.kit.phone}` }, "Appeler l’équipe");
  }

  private ask(expected: Expected, answers: Answers, index: number, wrong = ""): void {
    const form = this.kit.forms[expected.form];
    if (!form) return;
    const questions = asked(form, answers);
    const question = questions[index];
    if (!question) return this.review(expected, form, answers);
    const go = (values: string[]) => {
      const problem = values.length ? refused(question, values) : question.required ? "Il faut une réponse." : "";
      if (problem) return this.ask(expected, { ...answers, [question.link_id]: values }, index, problem);
      const others = Object.fromEntries(Object.entries(answers).filter(([name]) => name !== question.link_id));
      this.ask(expected, values.length ? { ...others, [question.link_id]: values } : others, index + 1);
    };
    this.draw(
      index ? button("Question précédente", "btn btn-third", () => this.ask(expected, answers, index - 1)) : "",
      text(`Question ${index + 1} sur ${questions.length}`, "fill-count"),
      heading(question.text),
      question.help ? text(question.help, "fill-help") : "",
      wrong ? element("p", { className: "field-error", role: "alert" }, wrong) : "",
      ...answerOf(question, answers[question.link_id] ?? [], go),
      question.required ? "" : button("Je ne sais pas", "btn btn-third", () => go([])),
    );
  }

  private review(expected: Expected, form: KitForm, answers: Answers): void {
    const lines = asked(form, answers).map((question, index) =>
      element(
        "div",
        {},
        element("dt", {}, question.text),
        element("dd", {}, inWords(question, answers[question.link_id] ?? [])),
        element("dd", {}, button("Corriger", "btn btn-third", () => this.ask(expected, answers, index))),
      ),
    );
    this.draw(
      heading("Ma réponse"),
      text("Relisez, corrigez si besoin, puis envoyez. La réponse partira dès que le réseau revient."),
      element("dl", { className: "fill-said card" }, ...lines),
      button("Envoyer", "btn btn-main fill-go", () => void this.send(expected, form, answers)),
    );
  }

  private async send(expected: Expected, form: KitForm, answers: Answers): Promise<void> {
    const shown = new Set(asked(form, answers).map((question) => question.link_id));
    const kept = Object.fromEntries(Object.entries(answers).filter(([name]) => shown.has(name)));
    const waiting: Waiting = {
      id: newId(),
      permit: this.kit.permit,
      occurrence: expected.occurrence,
      form: expected.form,
      answers: kept,
      authored: new Date().toISOString(),
    };
    await keepWaiting(waiting);
    this.tell(form, worst(form, kept));
    if (navigator.onLine) await sendWaiting();
  }

  private tell(form: KitForm, colour: string): void {
    const now = new Date();
    const open = this.kit.hours.find((span) => new Date(span.opens) <= now && now < new Date(span.closes));
    const until = open && new Date(open.closes).toLocaleTimeString("fr-FR", { hour: "2-digit", minute: "2-digit" });
    const cell = open
      ? `L’équipe de suivi répond jusqu’à ${until}, mais elle n’a pas encore votre réponse.`
      : `${form.texts["closed"] || "L’équipe de suivi est fermée."} Elle n’a pas encore votre réponse.`;
    const kept = text("Votre réponse est gardée sur ce téléphone. Elle partira toute seule dès que le réseau revient.");
    const call = element("a", { className: "btn btn-grave fill-go", href: "tel:15" }, "Appeler le 15");
    const phone = this.callCell();
    const back = button("Revenir", "btn btn-third", () => void this.home());
    const said = form.texts[colour] ?? "";
    if (colour === "red") {
      const title = heading("Il faut un avis médical maintenant");
      const advice = text(said || "Appelez le 15 ou le 112 maintenant.");
      const told = element("section", { className: "fill-told is-red", role: "alert" }, title, advice, call);
      return this.draw(told, text(cell), phone, kept, back);
    }
    const css = colour === "orange" ? "fill-told is-orange" : "fill-told";
    this.draw(element("section", { className: css }, heading("C’est gardé"), said ? text(said) : "", kept), text(cell), phone, back);
  }

  private draw(...parts: (Node | string)[]): void {
    this.page.replaceChildren(element("div", { className: "fill" }, ...parts.filter((part) => part !== "")));
    prepareFilling(this.page);
    this.page.querySelector<HTMLElement>(".question")?.focus();
  }
}

/** As telemonitoring/_standing.html says it. */
function stopped({ title, state, since, until }: NonNullable<Kit["stopped"]>[number]): HTMLElement {
  const paused = state === "paused";
  const from = since && (paused ? `Depuis le ${since}, il n’y a plus de questions à remplir.` : `Il est terminé depuis le ${since}.`);
  const then = until ? `Les questions reviennent le ${until}.` : "La date de reprise n’est pas encore connue. L’équipe vous la dira.";
  return element(
    "section",
    { className: "card card-body fill-due" },
    element("h2", {}, paused ? "Le suivi est en pause" : "Le suivi est terminé"),
    text(title),
    from ? text(from) : "",
    paused ? text(then) : "",
    text("Vous allez moins bien ? Appelez l’équipe. En cas d’urgence, appelez le 15."),
  );
}

function inWords(question: KitQuestion, values: string[]): string {
  if (!values.length) return "Pas de réponse";
  if (question.kind === "boolean") return values[0] === "true" ? "Oui" : "Non";
  const said = values.map((value) => question.options.find((option) => option.code === value)?.label ?? value);
  return said.join(", ") + (question.unit ? ` ${question.unit}` : "");
}

/** UUIDv7 (RFC 9562, 5.7). */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const now = Date.now();
  for (let index = 0; index < 6; index += 1) bytes[index] = Math.floor(now / 2 ** (8 * (5 - index))) & 0xff;
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
