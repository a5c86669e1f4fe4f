/**
 * What a telephone keeps to answer without network: the questions of the days to come and the answers not sent yet, sealed
 * (AES-GCM) under a key of this browser that no script can take out. Logging out, or « Effacer », drops all of it.
 */
const NAME = "suivi";
const MARK = "suivi-kept"; // what says, without opening anything, that there is something
type Sealed = { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer };

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
  await put("kit", "kit", kit);
  localStorage.setItem(MARK, "1");
}

export async function keptKit(): Promise<Kit | null> {
  return somethingKept() ? ((await get("kit", "kit")) as Kit | null) : null;
}

export async function keepWaiting(answer: Waiting): Promise<void> {
  await put("waiting", answer.id, answer);
}

export async function waitingAnswers(): Promise<Waiting[]> {
  if (!somethingKept()) return [];
  const keys = await done((await store("waiting", "readonly")).getAllKeys());
  const found = await Promise.all(keys.map((key) => get("waiting", String(key))));
  return found.filter((one) => one !== null) as Waiting[];
}

export async function forgetWaiting(id: string): Promise<void> {
  await done((await store("waiting", "readwrite")).delete(id));
}

export function emptyStore(): void {
  localStorage.removeItem(MARK);
  opened?.then((database) => database.close()).catch(() => undefined);
  opened = undefined;
  indexedDB.deleteDatabase(NAME);
}

let opened: Promise<IDBDatabase> | undefined;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => ["key", "kit", "waiting"].forEach((name) => asked.result.createObjectStore(name));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function store(name: string, mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return (await open()).transaction(name, mode).objectStore(name);
}

async function key(): Promise<CryptoKey> {
  const known = (await done((await store("key", "readonly")).get("key"))) as CryptoKey | undefined;
  if (known) return known;
  const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  try {
    await done((await store("key", "readwrite")).add(made, "key"));
  } catch {
    return key(); // another page made one meanwhile
  }
  return made;
}

async function put(name: string, id: string, content: unknown): Promise<void> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const clear = new TextEncoder().encode(JSON.stringify(content));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), clear);
  await done((await store(name, "readwrite")).put({ iv, data } satisfies Sealed, id));
}

async function get(name: string, id: string): Promise<unknown> {
  const sealed = (await done((await store(name, "readonly")).get(id))) as Sealed | undefined;
  if (!sealed) return null;
  const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, await key(), sealed.data);
  return JSON.parse(new TextDecoder().decode(clear)) as unknown;
}

function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
