import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { checkedUrl, type FetchLimits, guardedFetch, nameOfPage, type Outside } from './guarded-fetch.ts';
import { isPublicAddress } from './public-address.ts';

const limits: FetchLimits = { bytes: 10_000, timeMs: 5000, redirects: 3 };
const page = '93.184.215.14';
let server: Server | undefined;
afterEach(
  () =>
    new Promise<void>((closed) => {
      if (server === undefined) return closed();
      server.closeAllConnections();
      server.close(() => closed());
      server = undefined;
    }),
);

type Handler = (path: string, response: ServerResponse, headers: Readonly<Record<string, unknown>>) => void;

/** The world: names as given, and every connection to a public address ends at a server of the test. */
async function worldOf(names: Readonly<Record<string, readonly (readonly string[])[]>>, handler: Handler) {
  server = createServer((request, response) => handler(request.url ?? '', response, request.headers));
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const asked: string[] = [];
  const dialled: string[] = [];
  const outside: Outside = {
    async resolve(hostname) {
      const answers = names[hostname];
      if (answers === undefined) throw new Error('ENOTFOUND');
      const turn = asked.filter((name) => name === hostname).length;
      asked.push(hostname);
      return answers[Math.min(turn, answers.length - 1)] ?? [];
    },
    dial({ address, port: wanted, tls }) {
      dialled.push(`${tls ? 'tls ' : ''}${address}:${wanted}`);
      return connect({ host: '127.0.0.1', port });
    },
  };
  return { outside, asked, dialled };
}
const html = (response: ServerResponse, text: string, more: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...more });
  response.end(text);
};
const redirect = (response: ServerResponse, location: string, status = 302): void => {
  response.writeHead(status, { location });
  response.end();
};
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'fetched',
    (error: { code?: unknown }) => error.code,
  );

describe('addresses of the public web', () => {
  it.each(['93.184.215.14', '8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is one',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '169.254.170.2',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'not an address',
    '',
  ])('%s is none', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('what can be refused without asking anybody', () => {
  it.each([
    'file:///etc/passwd',
    'ftp://example.org/a',
    'gopher://example.org/',
    'data:text/html,x',
    'http://169.254.169.254/latest/meta-data/',
    'http://localhost:5432',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://metadata.google.internal/',
    'http://printer.local/',
    'http://host.docker.internal:11434/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://10.1.2.3/',
    'http://user:password@example.org/',
    'http://',
    'nonsense',
  ])('%s', (url) => {
    expect(() => checkedUrl(url)).toThrow(expect.objectContaining({ code: 'url-not-allowed' }));
  });
  it.each(['http://example.org/a', 'https://example.org:8443/?q=1', 'http://93.184.215.14/'])(
    'and %s is not',
    (url) => {
      expect(checkedUrl(url).href).toBe(url);
    },
  );
});

describe('a fetched page', () => {
  it('comes from the address that was judged, under its own name', async () => {
    let host: unknown;
    const { outside, dialled, asked } = await worldOf({ 'site.test': [[page]] }, (path, response, headers) => {
      host = headers.host;
      html(response, `at ${path}`, { etag: '"1"' });
    });
    const fetched = await guardedFetch('http://site.test:8080/a?b=1', limits, { outside });
    expect(fetched).toMatchObject({ contentType: 'text/html', etag: '"1"', url: 'http://site.test:8080/a?b=1' });
    expect(fetched?.bytes.toString()).toBe('at /a?b=1');
    expect([host, dialled, asked]).toEqual(['site.test:8080', [`${page}:8080`], ['site.test']]);
  });

  it('is refused when its name leads inwards, even with one address of several', async () => {
    for (const inner of ['127.0.0.1', '10.0.0.8', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:10.0.0.1']) {
      const { outside, dialled } = await worldOf({ 'site.test': [[page, inner]] }, (_, response) =>
        html(response, 'x'),
      );
      expect(await codeOf(guardedFetch('http://site.test/', limits, { outside }))).toBe('url-not-allowed');
      expect(dialled).toEqual([]);
      server?.close();
    }
  });

  it('cannot be rebound: the name is asked once per hop, and the connection goes to that answer', async () => {
    const { outside, dialled, asked } = await worldOf({ 'rebind.test': [[page], ['127.0.0.1']] }, (_, response) =>
      html(response, 'outside'),
    );
    const fetched = await guardedFetch('http://rebind.test/', limits, { outside });
    expect(fetched?.bytes.toString()).toBe('outside');
    expect([asked, dialled]).toEqual([['rebind.test'], [`${page}:80`]]);
  });

  it('cannot be rebound by leading on to itself: the second hop is judged anew', async () => {
    const { outside, dialled } = await worldOf({ 'rebind.test': [[page], ['127.0.0.1']] }, (path, response) =>
      path === '/' ? redirect(response, '/secret') : html(response, 'inside'),
    );
    expect(await codeOf(guardedFetch('http://rebind.test/', limits, { outside }))).toBe('url-not-allowed');
    expect(dialled).toEqual([`${page}:80`]);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.1:6333/collections',
    'http://[::1]/',
    'http://inner.test/',
    'file:///etc/passwd',
    'http://user:secret@site.test/',
  ])('is refused when it leads on to %s', async (location) => {
    const { outside, dialled } = await worldOf(
      { 'site.test': [[page]], 'inner.test': [['192.168.0.7']] },
      (_, response) => redirect(response, location, 307),
    );
    expect(await codeOf(guardedFetch('http://site.test/', limits, { outside }))).toBe('url-not-allowed');
    expect(dialled).toEqual([`${page}:80`]);
  });

  it('may lead on within the web, a few times', async () => {
    const { outside } = await worldOf(
      { 'site.test': [[page]], 'other.test': [['2606:4700::1111']] },
      (path, response) => {
        if (path === '/a') redirect(response, 'http://other.test/b', 301);
        else if (path === '/loop') redirect(response, '/loop', 308);
        else html(response, 'there');
      },
    );
    expect(await guardedFetch('http://site.test/a', limits, { outside })).toMatchObject({ url: 'http://other.test/b' });
    expect(await codeOf(guardedFetch('http://site.test/loop', limits, { outside }))).toBe('source-unreachable');
  });

  it('is bounded in size: by what it declares, by what it sends, and by what it unpacks to', async () => {
    const { outside } = await worldOf({ 'site.test': [[page]] }, (path, response) => {
      if (path === '/declared') html(response, 'x'.repeat(10_001), { 'content-length': '10001' });
      else if (path === '/bomb') html(response, '', {});
      else {
        response.writeHead(200, { 'content-type': 'text/plain' });
        const more = (): void => {
          if (!response.destroyed && response.write('x'.repeat(4096))) setImmediate(more);
        };
        response.on('drain', more);
        more();
      }
    });
    expect(await codeOf(guardedFetch('http://site.test/declared', limits, { outside }))).toBe('file-too-large');
    expect(await codeOf(guardedFetch('http://site.test/endless', limits, { outside }))).toBe('file-too-large');
    expect(await codeOf(guardedFetch('http://site.test/bomb', limits, { outside }))).toBe('file-empty');
    server?.removeAllListeners('request');
    server?.on('request', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(5_000_000, 'a')));
    });
    expect(await codeOf(guardedFetch('http://site.test/zipped', limits, { outside }))).toBe('file-too-large');
  });

  it('is bounded in time, from the first word to the last', async () => {
    const { outside } = await worldOf({ 'site.test': [[page]] }, (path, response) => {
      if (path === '/silent') return;
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('a');
    });
    for (const path of ['silent', 'slow'])
      expect(
        await guardedFetch(`http://site.test/${path}`, { ...limits, timeMs: 200 }, { outside }).catch(String),
      ).toContain('took more than');
  });

  it('of a kind that cannot be read is named', async () => {
    const { outside } = await worldOf({ 'site.test': [[page]] }, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end('MZ');
    });
    await expect(guardedFetch('http://site.test/', limits, { outside })).rejects.toMatchObject({
      code: 'unsupported-type',
      message: 'The address leads to application/octet-stream, which cannot be read.',
    });
  });

  it('that did not change is not sent again', async () => {
    const { outside } = await worldOf({ 'site.test': [[page]] }, (_, response, headers) => {
      response.writeHead(headers['if-none-match'] === '"7"' ? 304 : 500);
      response.end();
    });
    expect(await guardedFetch('http://site.test/', limits, { outside, known: { etag: '"7"' } })).toBeNull();
    expect(await codeOf(guardedFetch('http://site.test/', limits, { outside }))).toBe('source-unreachable');
  });

  it('in another character set becomes UTF-8, packed or not', async () => {
    const { outside } = await worldOf({ 'site.test': [[page]] }, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1', 'content-encoding': 'gzip' });
      response.end(gzipSync(Buffer.from('café', 'latin1')));
    });
    expect((await guardedFetch('http://site.test/', limits, { outside }))?.bytes.toString('utf8')).toBe('café');
  });

  it('whose name nobody knows cannot be reached', async () => {
    const { outside } = await worldOf({}, (_, response) => html(response, 'x'));
    expect(await codeOf(guardedFetch('http://nowhere.test/', limits, { outside }))).toBe('source-unreachable');
  });

  it('becomes a document named after its address', () => {
    expect(nameOfPage('https://site.test/guide/', 'text/html')).toBe('site.test/guide.html');
    expect(nameOfPage('https://site.test/a.htm', 'text/html')).toBe('site.test/a.htm');
    expect(nameOfPage('https://site.test/f?id=1', 'application/pdf')).toBe('site.test/f id=1.pdf');
    expect(nameOfPage('https://site.test/', 'text/html')).toBe('site.test.html');
  });
});
