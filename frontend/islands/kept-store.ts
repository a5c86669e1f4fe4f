import { SealedStore } from "./sealed-store";

/**
 * The notes that this device could not send yet, sealed under a key that the server gives to their author alone: whoever
 * logs in next on the same device reads nothing of them. Logging out drops all of it.
 */
const MARK = "notes-kept"; // what says, without opening anything, that there is something
const LONGEST_KEPT = 8 * 24 * 3600 * 1000; // ms
const KEY_AT = "/notes-gardees/cle/";
const store = new SealedStore("notes-gardees", ["waiting"]);

export interface KeptNote {
  id: string;
  /** Where it is sent, and the page of the record's notes. */
  url: string;
  list: string;
  /** Of whom it speaks, for its author. */
  whose: string;
  text: string;
  authored: string;
  fields: [string, string][];
  files: { field: string; name: string; url: string }[];
}
/** Who is there, and what opens what is his. */
export interface Account {
  id: string;
  key: CryptoKey;
}

export function notesKept(): boolean {
  return localStorage.getItem(MARK) !== null;
}

export async function keepNote(note: KeptNote, mine: Account): Promise<void> {
  await store.put("waiting", `${mine.id}/${note.id}`, note, mine.key);
  localStorage.setItem(MARK, "1");
}

export async function keptNotes(mine: Account): Promise<KeptNote[]> {
  const names = (await store.ids("waiting")).filter((name) => name.startsWith(`${mine.id}/`));
  const found = await Promise.all(names.map((name) => store.get("waiting", name, mine.key)));
  return found.filter((one) => one !== null) as KeptNote[];
}

export async function forgetNote(id: string, mine: Account): Promise<void> {
  await store.forget("waiting", `${mine.id}/${id}`);
  await forgetOld();
}

/** Whoever's they are: nothing stays on a device for ever. */
async function forgetOld(): Promise<void> {
  const oldest = Date.now() - LONGEST_KEPT;
  for (const name of await store.ids("waiting")) if (madeAt(name) < oldest) await store.forget("waiting", name);
  if (!(await store.ids("waiting")).length) localStorage.removeItem(MARK);
}

/** The moment that a UUIDv7 holds (RFC 9562, 5.7). */
function madeAt(name: string): number {
  return parseInt((name.split("/")[1] ?? "").replace(/-/g, "").slice(0, 12), 16);
}

export function dropNotes(): void {
  localStorage.removeItem(MARK);
  store.drop();
}

/** Null without network, and when nobody is logged in. */
export async function askAccount(): Promise<Account | null> {
  const answer = await fetch(KEY_AT, { headers: { "HX-Request": "true" }, redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return null;
  const { account, key } = (await answer.json()) as { account: string; key: string };
  return accountOf(account, key);
}

export async function accountOf(id: string, key: string): Promise<Account> {
  const bytes = Uint8Array.from(atob(key), (one) => one.charCodeAt(0));
  return { id, key: await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]) };
}
