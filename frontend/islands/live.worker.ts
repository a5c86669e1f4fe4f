import { LiveSource, type LiveMessage } from "./sse";

/** The one stream of the browser, shared by all its tabs. */
const ports = new Set<MessagePort>();
let source: LiveSource | undefined;

export type TabMessage = { type: "open"; url: string; position: number } | { type: "logout" } | { type: "leave" } | { type: "reconnect" };

function tellAll(message: LiveMessage): void {
  ports.forEach((port) => port.postMessage(message));
  if (message.type === "ended" || message.type === "stale") source = undefined;
}

function open(port: MessagePort, url: string, position: number): void {
  if (!source) {
    source = new LiveSource(url, position, tellAll);
    void source.run();
    return;
  }
  port.postMessage(source.state());
  source.after(position).forEach((event) => port.postMessage({ type: "event", event }));
}

(globalThis as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = ({ ports: [port] }) => {
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data.type === "open") open(port, data.url, data.position);
    if (data.type === "logout") source?.restart();
    if (data.type === "reconnect") source?.reconnect();
    if (data.type === "leave") ports.delete(port);
  };
};
