import { done, SealedStore } from "./sealed-store";

/**
 * What a telephone keeps to answer without network: the questions of the days to come and the answers not sent yet, sealed
 * (AES-GCM) under a key of this browser that no script can take out. Logging out, or « Effacer », drops all of it.
 */
const MARK = "suivi-kept"; // what says, without opening anything, that there is something
const store = new SealedStore("suivi", ["key", "kit", "waiting"]);

/** Of one rule, in the order in which its colours are tried: red, then orange. One test that fits is enough. */
export interface KitRule {
  rule: string;
  item: string;
  label: string;
  colour: "red" | "orange";
  tests: { from?: number; to?: number; op?: string; number?: number; code?: string }[];
}
export interface KitCondition {
  link_id: string;
  operator: string;
  value: unknown;
}
export interface KitQuestion {
  link_id: string;
  text: string;
  kind: string;
  required: boolean;
  repeats: boolean;
  unit: string;
  lowest: number | null;
  highest: number | null;
  options: { code: string; label: string }[];
  help: string;
  control: string;
  max_length: number | null;
  enable_when: { any: boolean; conditions: KitCondition[] }[];
}
/** As terresante/questionnaires/pathway/phone.py makes it. */
export interface KitForm {
  title: string;
  questions: KitQuestion[];
  rules: KitRule[];
  texts: Record<string, string>;
}
/** As terresante/telemonitoring/answering/kit.py makes it. */
export interface Kit {
  permit: string;
  forms: Record<string, KitForm>;
  expected: { occurrence: string; form: string; title: string; opens: string; closes: string }[];
  /** Of what is paused or over, in words of dates; a kit of an earlier release has none. */
  stopped?: { title: string; state: "paused" | "ended"; since: string; until: string }[];
  hours: { opens: string; closes: string }[];
  phone: string;
  until: string;
}
export interface Waiting {
  id: string;
  permit: string;
  occurrence: string;
  form: string;
  answers: Record<string, string[]>;
  authored: string;
}

export function somethingKept(): boolean {
  return localStorage.getItem(MARK) === "1";
}

export async function keepKit(kit: Kit): Promise<void> {
  await store.put("kit", "kit", kit, await key());
  localStorage.setItem(MARK, "1");
}

export async function keptKit(): Promise<Kit | null> {
  return somethingKept() ? ((await store.get("kit", "kit", await key())) as Kit | null) : null;
}

export async function keepWaiting(answer: Waiting): Promise<void> {
  await store.put("waiting", answer.id, answer, await key());
}

export async function waitingAnswers(): Promise<Waiting[]> {
  if (!somethingKept()) return [];
  const opens = await key();
  const found = await Promise.all((await store.ids("waiting")).map((id) => store.get("waiting", id, opens)));
  return found.filter((one) => one !== null) as Waiting[];
}

export async function forgetWaiting(id: string): Promise<void> {
  await store.forget("waiting", id);
}

export function emptyStore(): void {
  localStorage.removeItem(MARK);
  store.drop();
}

async function key(): Promise<CryptoKey> {
  const known = (await done((await store.part("key", "readonly")).get("key"))) as CryptoKey | undefined;
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  try {
    await done((await store.part("key", "readwrite")).add(made, "key"));
  } catch {
    return key(); // another page made one meanwhile
  }
  return made;
}
