/** Dropping files anywhere on the page: to upload them, or to run a component. */
import { byId, messageOf, notify } from "../page/dom.ts";
import { droppedFiles, type Incoming } from "./upload.ts";

/** What is done with what is dropped. */
export interface DropActions {
  canUpload(): boolean;
  /** The folder that files would go to, for the user. */
  where(): string;
  upload(files: readonly Incoming[]): void;
  run(file: File): Promise<void>;
}

/** Shows the zones while something is dragged over the page, and hands over what is dropped on them. */
export function watchDrops(actions: DropActions): void {
  const overlay = byId("drop");
  const uploadZone = byId("drop-upload");
  const runZone = byId("drop-run");
  let hiding: ReturnType<typeof setTimeout> | undefined;

  const hide = (): void => {
    overlay.hidden = true;
    uploadZone.classList.remove("over");
    runZone.classList.remove("over");
  };
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    clearTimeout(hiding);
    // There is no event for a drag that leaves the window or is given up, but these come all the time.
    hiding = setTimeout(hide, 300);
    overlay.hidden = false;
    uploadZone.hidden = !actions.canUpload();
    byId("drop-where").textContent = actions.where();
    const target = event.target as Element;
    for (const zone of [uploadZone, runZone]) zone.classList.toggle("over", zone.contains(target));
    const none = !uploadZone.contains(target) && !runZone.contains(target);
    event.dataTransfer.dropEffect = none ? "none" : "copy";
  });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    clearTimeout(hiding);
    hide();
    const target = event.target as Element;
    try {
      if (runZone.contains(target)) {
        const [file] = event.dataTransfer.files;
        if (file !== undefined) await actions.run(file);
      } else if (actions.canUpload()) actions.upload(await droppedFiles(event.dataTransfer));
    } catch (error) {
      notify(messageOf(error), "error");
    }
  });
}
