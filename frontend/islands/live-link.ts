import type { TabMessage } from "./live.worker";
import { LiveSource, type LiveMessage } from "./sse";

interface LiveLink {
  logout(): void;
  /** The network is back: what was read before it left may be dead. */
  reconnect(): void;
  /** Somebody is logged in again behind this page, whose stream had ended. */
  reopen(): void;
}

type Hear = (message: LiveMessage) => void;

/** One stream per browser and account, which its address names: through a SharedWorker, else (Chrome on Android) through one elected tab. */
export function openLiveLink(url: string, position: number, hear: Hear): LiveLink {
  return "SharedWorker" in window ? shared(url, position, hear) : elected(url, position, hear);
}

function shared(url: string, position: number, hear: Hear): LiveLink {
  const worker = new SharedWorker(new URL("./live.worker.ts", import.meta.url), { type: "module", name: `live ${url}` });
  const send = (message: TabMessage) => worker.port.postMessage(message);
  let heard = position;
  worker.port.onmessage = ({ data }: MessageEvent<LiveMessage>) => {
    if (data.type === "event") heard = Math.max(heard, data.event.id);
    hear(data);
  };
  const open = () => send({ type: "open", url, position: heard });
  open();
  window.addEventListener("pagehide", () => send({ type: "leave" }));
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload(); // a page back from the cache may show what is no longer allowed
  });
  return { logout: () => send({ type: "logout" }), reconnect: () => send({ type: "reconnect" }), reopen: open };
}

/** The tab that holds the lock reads the stream and tells the others; when it closes, another one gets the lock. */
function elected(url: string, position: number, hear: Hear): LiveLink {
  const channel = new BroadcastChannel(`terresante ${url}`);
  let source: LiveSource | undefined;
  let heard = position;
  let isCandidate = false;
  const take = (message: LiveMessage) => {
    if (message.type === "event") {
      if (message.event.id <= heard) return;
      heard = message.event.id;
    }
    hear(message);
  };
  channel.onmessage = ({ data }: MessageEvent<LiveMessage | TabMessage>) => {
    if (data.type === "open" && source) {
      channel.postMessage(source.state());
      source.after(data.position).forEach((event) => channel.postMessage({ type: "event", event }));
    } else if (data.type === "logout") source?.restart();
    else if (data.type === "reconnect") source?.reconnect();
    else if (data.type !== "open" && data.type !== "leave") take(data);
  };
  const read = async () => {
    source = new LiveSource(url, heard, (message) => {
      take(message);
      channel.postMessage(message);
    });
    await source.run();
    source = undefined;
    isCandidate = false;
  };
  const open = () => {
    channel.postMessage({ type: "open", url, position: heard } satisfies TabMessage);
    if (isCandidate) return;
    isCandidate = true;
    void navigator.locks.request(`terresante ${url}`, read);
  };
  open();
  return {
    logout: () => {
      source?.restart();
      channel.postMessage({ type: "logout" } satisfies TabMessage);
    },
    reconnect: () => source?.reconnect(),
    reopen: open,
  };
}
