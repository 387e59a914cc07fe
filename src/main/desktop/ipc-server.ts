/**
 * The window's way to the dispatcher. Checks who sends (our page, its main frame, a window of ours) before anything
 * else; bounds what one page may have under way; sends the next item of a stream when the page took the last.
 */
import { type IpcMainEvent, type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron';
import type { Answer } from '../../shared/contract/define.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { Dispatcher } from '../dispatch.ts';
import type { FileTokens } from './file-tokens.ts';
import { channels } from './ipc-names.ts';
import { isUiAddress } from './ui-files.ts';

const maxStreams = 64;
const maxCalls = 200;

interface Page {
  readonly streams: Map<string, { close: () => void; acked: (() => void) | undefined }>;
  calls: number;
}

/** What the server needs once the core is there; until then requests wait, they do not fail. */
export interface Service {
  readonly door: Dispatcher;
  readonly files: FileTokens;
}

export interface IpcServer {
  /** Lets this window's page in. Its streams close when it reloads, crashes or goes. */
  admit(contents: WebContents): void;
}

export function createIpcServer(service: Promise<Service>): IpcServer {
  // Requests report the failure themselves; without this an early one would be unhandled.
  service.catch(() => undefined);
  const pages = new Map<number, Page>();

  function pageOf(event: IpcMainEvent | IpcMainInvokeEvent): Page | null {
    const frame = event.senderFrame;
    if (frame === null || frame === undefined || frame.parent !== null || !isUiAddress(frame.url)) return null;
    return pages.get(event.sender.id) ?? null;
  }

  async function answer(event: IpcMainInvokeEvent, work: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> {
    const page = pageOf(event);
    if (page === null) return { ok: false, problem: forbidden };
    if (page.calls >= maxCalls) return { ok: false, problem: tooMany };
    page.calls += 1;
    try {
      return await work();
    } catch (error) {
      return { ok: false, problem: await problemOf(error) };
    } finally {
      page.calls -= 1;
    }
  }

  ipcMain.handle(channels.call, (event, name: unknown, input: unknown) =>
    answer(event, async () => (await service).door.call(String(name), input)),
  );

  ipcMain.handle(channels.offer, (event, paths: unknown) =>
    answer(event, async () => {
      if (!isPaths(paths)) return { ok: false, problem: badOffer };
      return { ok: true, value: { files: await (await service).files.offer(paths) } };
    }),
  );

  ipcMain.on(channels.open, (event, streamId: unknown, name: unknown, input: unknown) => {
    const page = pageOf(event);
    if (page === null || typeof streamId !== 'string' || streamId.length > 64 || page.streams.has(streamId)) return;
    const { sender } = event;
    const send = (channel: string, value: unknown) => {
      if (!sender.isDestroyed()) sender.send(channel, streamId, value);
    };
    const end = (why: Problem | null) => {
      page.streams.delete(streamId);
      send(channels.end, { problem: why });
    };
    if (page.streams.size >= maxStreams) {
      send(channels.end, { problem: tooMany });
      return;
    }
    let closed = false;
    const entry: { close: () => void; acked: (() => void) | undefined } = {
      close: () => {
        closed = true;
      },
      acked: undefined,
    };
    page.streams.set(streamId, entry);
    service.then(
      ({ door }) => {
        if (closed) return;
        entry.close = door.open(
          String(name),
          input,
          (item) =>
            new Promise<void>((taken) => {
              entry.acked = taken;
              send(channels.item, item);
            }),
          ({ problem: why }) => end(why),
        );
      },
      async (error: unknown) => {
        const why = await problemOf(error);
        if (!closed) end(why);
      },
    );
  });

  ipcMain.on(channels.close, (event, streamId: unknown) => {
    const page = pageOf(event);
    const entry = typeof streamId === 'string' ? page?.streams.get(streamId) : undefined;
    if (entry === undefined) return;
    page?.streams.delete(String(streamId));
    entry.close();
  });

  ipcMain.on(channels.ack, (event, streamId: unknown) => {
    const entry = typeof streamId === 'string' ? pageOf(event)?.streams.get(streamId) : undefined;
    const acked = entry?.acked;
    if (entry === undefined || acked === undefined) return;
    entry.acked = undefined;
    acked();
  });

  return {
    admit(contents) {
      const page: Page = { streams: new Map(), calls: 0 };
      pages.set(contents.id, page);
      const { id } = contents;
      const closeAll = () => {
        for (const { close } of page.streams.values()) close();
        page.streams.clear();
      };
      contents.on('did-start-navigation', (...given) => {
        // Electron 25 tells it twice over: in the event and as arguments.
        const details = given[0] as { isMainFrame?: boolean; isSameDocument?: boolean };
        if (details.isMainFrame === true && details.isSameDocument !== true) closeAll();
      });
      contents.on('render-process-gone', closeAll);
      contents.once('destroyed', () => {
        closeAll();
        pages.delete(id);
      });
    },
  };
}

/** Zod (behind problem.ts) is not loaded before the first paint, and is needed here only once something failed. */
async function problemOf(error: unknown): Promise<Problem> {
  return (await import('../../shared/model/problem.ts')).toProblem(error);
}

function isPaths(paths: unknown): paths is string[] {
  return (
    Array.isArray(paths) &&
    paths.length <= 1000 &&
    paths.every((path) => typeof path === 'string' && path !== '' && path.length <= 4096)
  );
}

const forbidden: Problem = {
  code: 'forbidden',
  title: 'This page may not ask that',
  cause: 'The request did not come from the panel itself.',
  evidence: [],
  remedies: [],
};
const tooMany: Problem = {
  code: 'too-many-requests',
  title: 'Too much at once',
  cause: 'The window has too many requests under way.',
  evidence: [],
  remedies: [{ action: 'retry', label: 'Try again in a moment' }],
};
const badOffer: Problem = {
  code: 'bad-input',
  title: 'These files cannot be taken',
  cause: 'At most 1000 files at a time can be offered.',
  evidence: [],
  remedies: [],
};
