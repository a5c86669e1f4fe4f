import { announce } from "./announce";

/**
 * [data-voice]: a message is recorded in the page, listened to, begun again; it stays in the file field of the form, which
 * sends it with the note. Without a microphone, or without this, a file is chosen.
 */
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const ENDS: Record<string, string> = { "audio/webm": "webm", "audio/mp4": "m4a", "audio/ogg": "ogg" };

export function startVoices(): void {
  document.querySelectorAll<HTMLElement>("[data-voice]").forEach(start);
}

function start(holder: HTMLElement): void {
  const tools = holder.querySelector<HTMLElement>("[data-voice-tools]");
  const input = holder.querySelector<HTMLInputElement>("input[type=file]");
  const kind = "MediaRecorder" in window ? KINDS.find((one) => MediaRecorder.isTypeSupported(one)) : undefined;
  if (!tools || !input || !kind || !("mediaDevices" in navigator)) return;
  const part = <T extends HTMLElement>(name: string) => tools.querySelector<T>(`[data-voice-${name}]`)!;
  const [begin, stop, drop, time] = [part("start"), part("stop"), part("drop"), part("time")];
  const heard = part<HTMLAudioElement>("heard");
  const longest = Number(holder.dataset["voice"]);
  let recorder: MediaRecorder | undefined;
  let clock = 0;
  tools.hidden = false;

  const show = (state: "empty" | "recording" | "kept") => {
    begin.hidden = state !== "empty";
    stop.hidden = time.hidden = state !== "recording";
    heard.hidden = drop.hidden = state !== "kept";
  };
  const keep = (file: File | undefined) => {
    const held = new DataTransfer();
    if (file) held.items.add(file);
    input.files = held.files;
    if (heard.src) URL.revokeObjectURL(heard.src);
    if (file) heard.src = URL.createObjectURL(file);
    else heard.removeAttribute("src");
    show(file ? "kept" : "empty");
    if (file) holder.dispatchEvent(new Event("input", { bubbles: true })); // the form has something to lose
  };
  const record = (stream: MediaStream) => {
    const pieces: Blob[] = [];
    const type = kind.split(";")[0] ?? kind;
    recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 32_000 });
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => {
      window.clearInterval(clock);
      stream.getTracks().forEach((track) => track.stop());
      keep(new File(pieces, `message.${ENDS[type] ?? "webm"}`, { type }));
      announce("Le message est enregistré : vous pouvez l’écouter.");
      heard.focus();
    });
    recorder.start();
    let seconds = 0;
    time.textContent = said(0, longest);
    clock = window.setInterval(() => {
      time.textContent = said((seconds += 1), longest);
      if (seconds >= longest - 1) recorder?.stop();
    }, 1000);
    show("recording");
    stop.focus();
  };
  begin.addEventListener("click", () => {
    navigator.mediaDevices.getUserMedia({ audio: true }).then(record, () => {
      time.hidden = false;
      time.textContent = "Le micro n’a pas été autorisé : choisissez un fichier, ou autorisez-le dans le navigateur.";
    });
  });
  stop.addEventListener("click", () => recorder?.stop());
  drop.addEventListener("click", () => {
    keep(undefined);
    begin.focus();
  });
  input.addEventListener("change", () => keep(input.files?.[0]));
  show("empty");
}

function said(seconds: number, longest: number): string {
  const clock = (all: number) => `${Math.floor(all / 60)}:${String(all % 60).padStart(2, "0")}`;
  return `${clock(seconds)} sur ${clock(longest)}`;
}
