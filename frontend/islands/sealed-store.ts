/** A database of this browser whose every content is sealed (AES-GCM): without its key, it says nothing. */
type Sealed = { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer };

export class SealedStore {
  private opened: Promise<IDBDatabase> | undefined;

  constructor(
    private readonly name: string,
    private readonly parts: string[],
  ) {}

  async part(name: string, mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.open()).transaction(name, mode).objectStore(name);
  }

  async put(part: string, id: string, content: unknown, key: CryptoKey): Promise<void> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const clear = new TextEncoder().encode(JSON.stringify(content));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, clear);
    await done((await this.part(part, "readwrite")).put({ iv, data } satisfies Sealed, id));
  }

  async get(part: string, id: string, key: CryptoKey): Promise<unknown> {
    const sealed = (await done((await this.part(part, "readonly")).get(id))) as Sealed | undefined;
    if (!sealed) return null;
    const clear = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, key, sealed.data);
    return JSON.parse(new TextDecoder().decode(clear)) as unknown;
  }

  async ids(part: string): Promise<string[]> {
    return (await done((await this.part(part, "readonly")).getAllKeys())).map(String);
  }

  async forget(part: string, id: string): Promise<void> {
    await done((await this.part(part, "readwrite")).delete(id));
  }

  drop(): void {
    this.opened?.then((database) => database.close()).catch(() => undefined);
    this.opened = undefined;
    indexedDB.deleteDatabase(this.name);
  }

  private open(): Promise<IDBDatabase> {
    this.opened ??= new Promise((resolve, reject) => {
      const asked = indexedDB.open(this.name, 1);
      asked.onupgradeneeded = () => this.parts.forEach((part) => asked.result.createObjectStore(part));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
    return this.opened;
  }
}

export function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
