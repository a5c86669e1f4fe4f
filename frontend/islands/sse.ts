/** What the server says on the live stream: identifiers only, never content. */
export interface LiveEvent {
  id: number;
  kind: string;
  patient: string;
  object: string;
}

export type LiveMessage =
  | { type: "event"; event: LiveEvent }
  | { type: "state"; connected: boolean; lostAt: number }
  | { type: "ended" }
  // away for too long: what was missed is on the page once it is asked for again
  | { type: "stale" };

const SILENCE_MS = 60_000; // the server sends a comment at least every 25 s
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const KEPT = 200;

/**
 * One server-sent-events stream. Read with fetch rather than EventSource: the position survives a rebuilt
 * connection in a true Last-Event-ID header, a closed session is told from a lost network, and silence is noticed.
 */
export class LiveSource {
  private recent: LiveEvent[] = [];
  private controller = new AbortController();
  private retryMs = FIRST_RETRY_MS;
  private connected = false;
  private lostAt = Date.now();
  private stopped = false;

  constructor(
    private readonly url: string,
    private position: number,
    private readonly tell: (message: LiveMessage) => void,
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      try {
        if (!(await this.readOnce())) return;
      } catch {
        // a lost network and an aborted silence end the same way: wait, then start again
      }
      this.setConnected(false);
      await new Promise((resume) => setTimeout(resume, this.retryMs * (0.5 + Math.random())));
      this.retryMs = Math.min(this.retryMs * 2, LONGEST_RETRY_MS);
    }
  }

  stop(): void {
    this.stopped = true;
    this.recent = [];
    this.controller.abort();
  }

  /** After a logout the next connection is refused, and every tab is told that the session ended. */
  restart(): void {
    this.recent = [];
    this.reconnect();
  }

  /** From the last position, without waiting for silence to be noticed. */
  reconnect(): void {
    this.retryMs = FIRST_RETRY_MS;
    this.controller.abort();
  }

  state(): LiveMessage {
    return { type: "state", connected: this.connected, lostAt: this.lostAt };
  }

  /** A page rendered at `position` may open after the events that follow it were told to the other tabs. */
  after(position: number): LiveEvent[] {
    return this.recent.filter((event) => event.id > position);
  }

  /** False when the session is over, or when this page is too old to be kept up to date. */
  private async readOnce(): Promise<boolean> {
    this.controller = new AbortController();
    const { signal } = this.controller;
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(this.position) };
    const response = await fetch(this.url, { headers, signal, cache: "no-store", redirect: "manual" });
    if (response.status === 410) {
      this.stop();
      this.tell({ type: "stale" });
      return false;
    }
    if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") {
      this.stop();
      this.tell({ type: "ended" });
      return false;
    }
    if (!response.ok || !response.body) throw new Error(`live stream refused: ${response.status}`);
    this.setConnected(true);
    this.retryMs = FIRST_RETRY_MS;
    await this.readBody(response.body);
    return true;
  }

  private async readBody(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader();
    let pending = "";
    for (;;) {
      const silence = setTimeout(() => this.controller.abort(), SILENCE_MS);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return;
      const blocks = (pending + value).replaceAll("\r\n", "\n").split("\n\n");
      pending = blocks.pop() ?? "";
      blocks.forEach((block) => this.receive(block));
    }
  }

  private receive(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
    }
    const id = Number(fields.get("id"));
    if (Number.isInteger(id) && id > this.position) this.position = id;
    const data = fields.get("data");
    if (!data) return;
    const { kind, patient, object } = JSON.parse(data) as Omit<LiveEvent, "id">;
    const event: LiveEvent = { id: this.position, kind, patient, object };
    this.recent = [...this.recent, event].slice(-KEPT);
    this.tell({ type: "event", event });
  }

  private setConnected(connected: boolean): void {
    if (this.connected && !connected) this.lostAt = Date.now();
    this.connected = connected;
    this.tell(this.state());
  }
}
