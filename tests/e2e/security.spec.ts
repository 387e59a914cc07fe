/** What a hostile page could try, tried in the real window. Each refusal is seen from the outside, not assumed. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Bridge } from '../../src/shared/contract/bridge.ts';
import type { Answer } from '../../src/shared/contract/define.ts';
import { expect, test } from './fixture.ts';

declare global {
  var quayside: Bridge;
}
/** The bridge as a hostile page sees it: any name, any input. */
type Loose = {
  call(name: unknown, input: unknown): Promise<Answer<unknown>>;
  open(name: unknown, input: unknown, onItem: (item: unknown) => void, onEnd: (end: unknown) => void): () => void;
};

const uiAddress = 'app://ui/';
let canary: Server;
let canaryUrl = '';
const hits: string[] = [];

test.beforeAll(async () => {
  canary = createServer((request, response) => {
    hits.push(request.url ?? '');
    response.setHeader('access-control-allow-origin', '*').end('reached');
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
});
test.afterAll(() => {
  canary.close();
});

test('every window has the same hardened preferences', async ({ panel }) => {
  const all = await panel.app.evaluate(({ webContents }) =>
    webContents.getAllWebContents().map((contents) => {
      const given = (
        contents as unknown as { getLastWebPreferences(): Record<string, unknown> }
      ).getLastWebPreferences();
      const names = [
        'contextIsolation',
        'sandbox',
        'nodeIntegration',
        'nodeIntegrationInSubFrames',
        'webviewTag',
        'webSecurity',
        'allowRunningInsecureContent',
        'experimentalFeatures',
        'enableWebSQL',
      ];
      return Object.fromEntries(names.map((name) => [name, given[name]]));
    }),
  );
  expect(all).toEqual([
    {
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      enableWebSQL: false,
    },
  ]);
});

test('the page has no Node and of ours only three verbs', async ({ panel }) => {
  const seen = await panel.page.evaluate(() => ({
    node: ['require', 'process', 'module', 'Buffer', 'global', '__dirname'].filter((name) => name in globalThis),
    electron: ['electron', 'ipcRenderer'].filter((name) => name in globalThis),
    bridge: Object.keys(globalThis.quayside).sort(),
    origin: location.origin,
  }));
  expect(seen).toEqual({ node: [], electron: [], bridge: ['call', 'offerFiles', 'open'], origin: 'app://ui' });
});

test('a dropped or picked file becomes a token without a path', async ({ panel }) => {
  // Before the tests that try to navigate: Playwright waits for a refused navigation for ever.
  const harbour = join(panel.dataDir, 'harbour.md');
  await mkdir(panel.dataDir, { recursive: true });
  await writeFile(harbour, '# Quay');
  const { page } = panel;
  await page.evaluate(() => {
    const input = document.createElement('input');
    input.type = 'file';
    input.id = 'security-probe';
    document.body.append(input);
  });
  // A file on disk: one that a test makes in memory has no path, here as in a real drop.
  await page.setInputFiles('#security-probe', harbour);
  const answers = await page.evaluate(async () => {
    const input = document.querySelector('#security-probe') as HTMLInputElement;
    const real = await globalThis.quayside.offerFiles([...(input.files ?? [])]);
    // A page can make a File of its own; it stands for nothing on this disk.
    const made = new File(['x'], '/etc/passwd');
    Object.defineProperty(made, 'path', { value: '/etc/passwd' });
    const forged = await globalThis.quayside.offerFiles([made]);
    input.remove();
    return { real, forged };
  });
  expect(answers.forged).toEqual({ ok: true, value: { files: [] } });
  expect(answers.real).toMatchObject({ ok: true, value: { files: [{ name: 'harbour.md', bytes: 6 }] } });
  expect(JSON.stringify(answers.real)).not.toContain(panel.dataDir);
});

test('the page cannot navigate away', async ({ panel }) => {
  const { page } = panel;
  for (const target of [`${canaryUrl}/navigate`, 'file:///etc/passwd', 'data:text/html,gone', 'app://evil/']) {
    await page.evaluate((address) => {
      // A timer, so that the evaluation itself is never cut off.
      setTimeout(() => {
        location.href = address;
      });
    }, target);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(page.url()).toMatch(/^app:\/\/ui\//);
  }
  await page.evaluate((address) => {
    const form = document.createElement('form');
    form.action = `${address}/form`;
    form.method = 'post';
    document.body.append(form);
    form.submit();
    form.remove();
  }, canaryUrl);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  expect(page.url()).toMatch(/^app:\/\/ui\//);
  expect(hits).toEqual([]);
});

test('no second window opens, by script or by link', async ({ panel }) => {
  const { app, page } = panel;
  const opened = await page.evaluate(
    (addresses) => addresses.map((address) => window.open(address) !== null),
    [`${canaryUrl}/window`, 'smb://host/share', 'file:///etc/passwd', 'about:blank', uiAddress],
  );
  expect(opened).toEqual([false, false, false, false, false]);
  await page.evaluate((address) => {
    for (const href of [address, 'smb://host/share', 'calculator:']) {
      const link = document.createElement('a');
      link.href = href;
      link.target = '_blank';
      document.body.append(link);
      link.click();
      link.remove();
    }
  }, `${canaryUrl}/link`);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  expect(page.url()).toMatch(/^app:\/\/ui\//);
  expect(hits).toEqual([]);
});

test('the page reaches no network by any way it has', async ({ panel }) => {
  const results = await panel.page.evaluate(async (address) => {
    const loads = (element: HTMLElement) =>
      new Promise<string>((resolve) => {
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve('blocked');
        document.body.append(element);
        setTimeout(() => resolve('blocked'), 500);
      }).finally(() => element.remove());
    const make = (tag: string, attributes: Record<string, string>) => {
      const element = document.createElement(tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const socket = () =>
      new Promise<string>((resolve) => {
        try {
          const ws = new WebSocket(address.replace('http', 'ws'));
          ws.onopen = () => resolve('loaded');
          ws.onerror = () => resolve('blocked');
        } catch {
          resolve('blocked');
        }
      });
    const source = () =>
      new Promise<string>((resolve) => {
        const events = new EventSource(`${address}/events`);
        events.onerror = () => {
          events.close();
          resolve('blocked');
        };
      });
    navigator.sendBeacon(`${address}/beacon`);
    const object = () => {
      try {
        return loads(make('object', { data: `${address}/object` }));
      } catch {
        return 'blocked'; // Trusted Types: the address itself is refused.
      }
    };
    return {
      fetch: await fetch(`${address}/fetch`).then(
        () => 'loaded',
        () => 'blocked',
      ),
      ownFetch: await fetch('app://ui/index.html').then(
        () => 'loaded',
        () => 'blocked',
      ),
      img: await loads(make('img', { src: `${address}/img` })),
      link: await loads(make('link', { rel: 'preload', as: 'image', href: `${address}/preload` })),
      style: await loads(make('link', { rel: 'stylesheet', href: `${address}/style` })),
      object: await object(),
      socket: await socket(),
      source: await source(),
    };
  }, canaryUrl);
  expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, 'blocked'])));
  await panel.page.evaluate((address) => {
    for (const attributes of [{ src: `${address}/frame` }, { srcdoc: `<img src="${address}/srcdoc">` }]) {
      const frame = document.createElement('iframe');
      Object.assign(frame, attributes.src === undefined ? {} : { src: attributes.src });
      document.body.append(frame);
      setTimeout(() => frame.remove(), 200);
    }
  }, canaryUrl);
  await panel.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
  expect(hits).toEqual([]);
});

test('no script comes into being from text', async ({ panel }) => {
  const ran = await panel.page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        // Inside a timer: Playwright lifts the ban for what it evaluates itself.
        setTimeout(() => {
          const done: string[] = [];
          const attempt = (name: string, work: () => void) => {
            try {
              work();
              done.push(name);
            } catch {
              // Blocked: what is wanted.
            }
          };
          const scope = globalThis as unknown as { eval(text: string): unknown; Function: FunctionConstructor };
          attempt('eval', () => scope.eval('1'));
          attempt('Function', () => new scope.Function('return 1')());
          attempt('innerHTML', () => {
            document.createElement('div').innerHTML = '<img src=x onerror="window.hit=1">';
          });
          const script = document.createElement('script');
          attempt('inline script', () => {
            script.append('window.inline = 1');
            document.body.append(script);
            script.remove();
            if (!('inline' in window)) throw new Error('blocked');
          });
          attempt('handler attribute', () => {
            const button = document.createElement('button');
            button.setAttribute('onclick', 'window.clicked = 1');
            button.click();
            if (!('clicked' in window)) throw new Error('blocked');
          });
          resolve(done);
        }, 0);
      }),
  );
  expect(ran).toEqual([]);
});

test('addresses outside the UI answer nothing', async ({ panel }) => {
  const statuses = await panel.app.evaluate(
    async ({ net }, addresses) =>
      Promise.all(
        addresses.map((address) =>
          (net as unknown as { fetch(address: string): Promise<Response> }).fetch(address).then(
            async (response) => `${response.status} ${(await response.text()).length}`,
            () => 'refused',
          ),
        ),
      ),
    [
      'app://ui/index.html',
      'app://ui/..%2fmain%2findex.cjs',
      'app://ui/%2e%2e%2fmain%2findex.cjs',
      'app://ui/..%5cmain%5cindex.cjs',
      'app://ui/%252e%252e%252fmain%252findex.cjs',
      'app://evil/index.html',
      'app://ui/%00',
    ],
  );
  expect(statuses[0]).toMatch(/^200 \d+$/);
  for (const status of statuses.slice(1)) expect(status).toMatch(/^(40[34] 0|refused)$/);
});

test('names and inputs that are not in the contract are refused', async ({ panel }) => {
  const answers = await panel.page.evaluate(async () => {
    const bridge = globalThis.quayside as unknown as Loose;
    const names = ['__proto__', 'constructor', 'toString', 'stack.explode', '', 7, null, 'stack.watch'];
    const refused = await Promise.all(names.map(async (name) => bridge.call(name, {})));
    const wrong = await Promise.all([
      bridge.call('stack.start', { services: ['../../etc'] }),
      bridge.call('stack.start', { services: [], extra: 1 }),
      bridge.call('documents.ingest', { tokens: ['/etc/passwd'] }),
      bridge.call('documents.ingest', { paths: ['/etc/passwd'] }),
      bridge.call('backup.reveal', { id: '../../../etc/passwd' }),
    ]);
    const end = await new Promise((resolve) => bridge.open('__proto__', {}, () => undefined, resolve));
    return { refused, wrong, end };
  });
  for (const answer of answers.refused) expect(answer).toMatchObject({ ok: false, problem: { code: 'bad-input' } });
  expect(answers.wrong.map((answer) => (answer.ok ? 'ok' : answer.problem.code))).toEqual([
    'bad-input',
    'bad-input',
    'file-forgotten',
    'bad-input',
    'backup-unknown',
  ]);
  expect(answers.end).toMatchObject({ problem: { code: 'bad-input' } });
});

test('permissions and devices are denied', async ({ panel }) => {
  const denied = await panel.page.evaluate(async () => {
    const answer = (work: () => Promise<unknown>) =>
      work().then(
        () => 'granted',
        () => 'denied',
      );
    return {
      geolocation: await new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          () => resolve('denied'),
          { timeout: 2000 },
        ),
      ),
      camera: await answer(() => navigator.mediaDevices.getUserMedia({ video: true })),
      clipboard: await answer(() => navigator.clipboard.readText()),
      notifications: (await Notification.requestPermission()) === 'granted' ? 'granted' : 'denied',
    };
  });
  expect(denied).toEqual({
    geolocation: 'denied',
    camera: 'denied',
    clipboard: 'denied',
    notifications: 'denied',
  });
});

test('a flood of calls is bounded and the window stays alive', async ({ panel }) => {
  const { codes, floodMs, aliveMs } = await panel.page.evaluate(async () => {
    const began = performance.now();
    const all = await Promise.all(Array.from({ length: 5000 }, () => globalThis.quayside.call('settings.get', {})));
    const before = performance.now();
    await globalThis.quayside.call('app.info', {});
    const counted: Record<string, number> = {};
    for (const answer of all) {
      const code = answer.ok ? 'ok' : answer.problem.code;
      counted[code] = (counted[code] ?? 0) + 1;
    }
    return { codes: counted, floodMs: before - began, aliveMs: performance.now() - before };
  });
  expect(Object.keys(codes).every((code) => code === 'ok' || code === 'too-many-requests')).toBe(true);
  expect(codes.ok).toBeGreaterThan(0);
  // The next call does not wait behind what the flood left.
  expect(aliveMs).toBeLessThan(floodMs / 2);
});

test('main wrote no secret and no stack', async ({ panel }) => {
  expect(panel.output()).not.toMatch(/backend_token|password=|\n\s+at /);
});
