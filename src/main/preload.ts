/** Runs in the sandbox beside the page. Three verbs, no logic, no path and no channel name reaches the page. */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Bridge } from '../shared/contract/bridge.ts';
import type { StreamEnd } from '../shared/contract/define.ts';
import { channels } from './desktop/ipc-names.ts';

interface Reader {
  onItem(item: unknown): void;
  onEnd(end: StreamEnd): void;
}

const readers = new Map<string, Reader>();
/** New with each page load, so that what a reloaded page opens is never taken for what the old one had open. */
const load = crypto.randomUUID();
let opened = 0;

ipcRenderer.on(channels.item, (_event, streamId: string, item: unknown) => {
  try {
    readers.get(streamId)?.onItem(item);
  } finally {
    // Asks for the next one, also after a reader threw: one bad item must not silence the stream.
    ipcRenderer.send(channels.ack, streamId);
  }
});
ipcRenderer.on(channels.end, (_event, streamId: string, end: StreamEnd) => {
  const reader = readers.get(streamId);
  readers.delete(streamId);
  reader?.onEnd(end);
});

// Main holds back its own loading until then: it would keep the first paint waiting.
new PerformanceObserver((list, observer) => {
  if (list.getEntriesByName('first-contentful-paint').length === 0) return;
  observer.disconnect();
  ipcRenderer.send(channels.painted);
}).observe({ type: 'paint' as 'mark', buffered: true });

const bridge = {
  call: (name: string, input: unknown) => ipcRenderer.invoke(channels.call, name, input),
  open: (name: string, input: unknown, onItem: Reader['onItem'], onEnd: Reader['onEnd']) => {
    opened += 1;
    const streamId = `${load}/${opened}`;
    readers.set(streamId, { onItem, onEnd });
    ipcRenderer.send(channels.open, streamId, name, input);
    return () => {
      if (readers.delete(streamId)) ipcRenderer.send(channels.close, streamId);
    };
  },
  offerFiles: (files: readonly unknown[]) => ipcRenderer.invoke(channels.offer, files.map(pathOf).filter(Boolean)),
};

/** Empty for what is no file on disk. Electron 25 has no webUtils; there the path is on the File. */
function pathOf(file: unknown): string {
  if (!(file instanceof File)) return '';
  return webUtils === undefined ? ((file as File & { path?: string }).path ?? '') : webUtils.getPathForFile(file);
}

contextBridge.exposeInMainWorld('quayside', bridge as unknown as Bridge);
