import htmx from "htmx.org";
import { startGivingBack } from "./closed";
import { startFilling } from "./fill";
import { startConditions } from "./conditions";
import { startFormGuard } from "./form-guard";
import { startPush, startWorker } from "./installed";
import { startKeptNotes } from "./kept-notes";
import { startLive } from "./live";
import { startLock } from "./lock";
import { startOffline } from "./offline";
import { startPasskeys } from "./passkey";
import {
  startCopy,
  startErrorSummary,
  startLogout,
  startMenus,
  startPrint,
  startSearch,
} from "./page";
import { startPhotos } from "./photos";
import { startUploads } from "./upload";
import { startVoices } from "./voice";

htmx.on("htmx:configRequest", (event) => {
  const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content;
  if (token) (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers["X-CSRFToken"] = token;
});

startPhotos();
startVoices();
startUploads(); // before the form guard: it sends each file itself
startPush();
startPasskeys(); // before the form guard: the first submission only asks for the key
startSearch();
startConditions();
startMenus();
startCopy();
startPrint();
startErrorSummary();
startFormGuard();
startGivingBack();
startKeptNotes(); // after the form guard: what it stops is not sent
startFilling();
startLogout();
startLock();
startLive();
if (document.querySelector("[data-board], [data-alert-page]")) void import("./board").then(({ startBoard }) => startBoard());
if (document.querySelector("[data-viewer]")) void import("./viewer").then(({ startViewers }) => startViewers());
startOffline();
startWorker();
