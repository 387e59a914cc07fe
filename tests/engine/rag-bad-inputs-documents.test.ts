/** Files and addresses that do not fit, rows 11 to 21 of the list that rag-bad-inputs.test.ts begins with. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { circularPdf, encryptedPdf, pdfOfPages, recursivePdf, scannedPdf, wordBomb } from './rag-files.ts';
import { type Answer, type RagStack, startRagStack, statusAndCode } from './rag-stack.ts';

let stack: RagStack;
beforeAll(async () => {
  stack = await startRagStack();
}, 900_000);
afterAll(async () => stack?.close());

type File = string | Uint8Array<ArrayBuffer>;
/** How reading a file in ends. */
async function read(
  name: string,
  bytes: File,
  timeoutMs?: number,
): Promise<{ state: string; code?: string; document: string }> {
  const answer = await stack.upload(name, bytes);
  expect([name, answer.status]).toEqual([name, 202]);
  const job = await stack.jobEnds(answer.json.job.id, timeoutMs);
  const document = (await stack.call('GET', `/v1/documents/${job.documentId}`)).json;
  // A failure that no second attempt can mend is not tried again.
  expect([name, job.attempts]).toEqual([name, 1]);
  return { state: document.state, code: document.error?.code, document: document.id };
}
const vectorsOf = async (document: string): Promise<number> => {
  const filter = { must: [{ key: 'doc', match: { value: document } }] };
  return (await stack.qdrant('POST', '/collections/chunks/points/count', { exact: true, filter })).json.result.count;
};

describe('#11 a file of no bytes: 422 file-empty', () => {
  it('whatever it is called', async () => {
    for (const name of ['a.md', 'a.pdf', 'a.docx', 'a.csv', 'a'])
      expect([name, ...statusAndCode(await stack.upload(name, ''))]).toEqual([name, 422, 'file-empty']);
  });
});

describe('#12 a file that is too large, several at once, or none: refused before the last byte came', () => {
  it('without being sent to its end', async () => {
    const head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
    const token = await stack.core.access.token();
    const before = (await stack.call('GET', '/v1/documents')).json.items.length;
    const piece = Buffer.alloc(1024 * 1024, 'a ');
    const { status, code, sent } = await new Promise<{ status: number; code: string; sent: number }>((done, failed) => {
      let answered = false;
      let megabytes = 0;
      const call = request(
        `${stack.base}/v1/documents`,
        {
          method: 'POST',
          agent: false,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' },
        },
        (response) => {
          const parts: Buffer[] = [];
          answered = true;
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            call.destroy();
            const said = JSON.parse(Buffer.concat(parts).toString()) as { code: string };
            done({ status: response.statusCode ?? 0, code: said.code, sent: megabytes });
          });
        },
      );
      call.on('error', failed);
      call.write(head);
      // Would go on for ever.
      const more = (): void => {
        if (answered || call.destroyed) return;
        megabytes += 1;
        if (call.write(piece)) setImmediate(more);
        else call.once('drain', more);
      };
      more();
    });
    expect([status, code]).toEqual([413, 'file-too-large']);
    expect(sent).toBeGreaterThan(49);
    expect(sent).toBeLessThan(120);
    expect((await stack.call('GET', '/v1/documents')).json.items.length).toBe(before);
  });

  it('twenty-one files, two files, another field, no file', async () => {
    const form = (fields: readonly (readonly [string, string])[]): FormData => {
      const made = new FormData();
      for (const [field, name] of fields) made.append(field, new Blob(['a text']), name);
      return made;
    };
    const send = async (raw: FormData): Promise<[number, unknown]> =>
      statusAndCode(await stack.call('POST', '/v1/documents', { raw }));
    const many = Array.from({ length: 21 }, (_, at) => ['file', `${at}.md`] as const);
    expect(await send(form(many))).toEqual([422, 'validation-failed']);
    expect(
      await send(
        form([
          ['file', 'a.md'],
          ['file', 'b.md'],
        ]),
      ),
    ).toEqual([422, 'validation-failed']);
    expect(await send(form([['upload', 'a.md']]))).toEqual([422, 'validation-failed']);
    const none = new FormData();
    none.append('tags', 'a');
    expect(await send(none)).toEqual([422, 'file-missing']);
    const broken = await stack.call('POST', '/v1/documents', {
      raw: '--y\r\nnot a form',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(broken.status).toBeGreaterThanOrEqual(400);
    expect(broken.status).toBeLessThan(500);
  });
});

describe('#13 a file that is not what its name says: 415 unsupported-type, and what it is', () => {
  it.each<[string, File, string]>([
    ['report.pdf', Buffer.from('4d5a90000300000004000000', 'hex'), 'a Windows program'],
    ['report.pdf', Buffer.from('7f454c4602010100', 'hex'), 'a Linux program'],
    ['notes.md', Buffer.from('89504e470d0a1a0a', 'hex'), 'a PNG picture'],
    ['notes.txt', '%PDF-1.7 hello', 'holds a PDF'],
    ['table.csv', Buffer.from('1f8b0800', 'hex'), 'a gzip archive'],
    ['notes.txt', Buffer.from([1, 2, 0, 3, 4, 5]), 'binary data'],
    ['notes.xyz', 'a text', '.xyz'],
  ])('%s', async (name, bytes, told) => {
    const answer = await stack.upload(name, bytes);
    expect(statusAndCode(answer)).toEqual([415, 'unsupported-type']);
    expect(answer.json.detail).toContain(told);
  });
});

describe('#14 a PDF that is cut, garbage or locked: the job fails once, by name', () => {
  const whole = pdfOfPages(2, 'The harbour master is called Ilse Brand and answers on channel nine.');
  it('and a whole one is read', async () => {
    expect(await read('whole.pdf', whole)).toMatchObject({ state: 'ready' });
  });
  it.each<[string, File, string]>([
    ['cut.pdf', whole.subarray(0, 60), 'pdf-corrupt'],
    ['garbage.pdf', Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5000, '\u00fe\u0001x')]), 'pdf-corrupt'],
    ['locked.pdf', encryptedPdf(), 'password-required'],
  ])('%s', async (name, bytes, code) => {
    expect(await read(name, bytes)).toMatchObject({ state: 'failed', code });
  });
});

describe('#15 a PDF of pictures: failed no-text-layer, and what to do', () => {
  it('says so', async () => {
    const { state, code, document } = await read('scan.pdf', scannedPdf());
    expect([state, code]).toEqual(['failed', 'no-text-layer']);
    expect((await stack.call('GET', `/v1/documents/${document}`)).json.error.message).toContain('OCR');
  });
});

describe('#16 files that eat memory or time: failed resource-limit, and the others go on', () => {
  it('bombs of Word, thousands of pages, and circles, all at once', { timeout: 200_000 }, async () => {
    const files: [string, File, readonly (string | undefined)[]][] = [
      // By what it declares; by what it needs although it declares little enough; by a lie.
      ['declared.docx', await wordBomb(220), ['resource-limit']],
      ['eats.docx', await wordBomb(150), ['resource-limit']],
      ['lies.docx', await wordBomb(8, 1000), ['resource-limit', 'docx-corrupt']],
      ['pages.pdf', pdfOfPages(10_000, 'Page after page after page of the same.'), ['resource-limit']],
      ['circle.pdf', circularPdf(), ['pdf-corrupt', 'resource-limit']],
    ];
    const started = await Promise.all(files.map(([name, bytes]) => stack.upload(name, bytes)));
    const other = await stack.added('Tides', 'High tide in Port Ellery is at half past six.');
    expect((await stack.call('GET', `/v1/documents/${other}`)).json.state).toBe('ready');
    for (const [at, [name, , codes]] of files.entries()) {
      const job = await stack.jobEnds(started[at]?.json.job.id, 100_000);
      expect([name, job.state]).toEqual([name, 'failed']);
      expect(codes, name).toContain(job.error.code);
      expect([name, job.attempts]).toEqual([name, 1]);
    }
    expect((await stack.call('GET', '/health/ready', { token: null })).status).toBe(200);
  });

  it('a drawing that draws itself ends', { timeout: 120_000 }, async () => {
    const answer = await stack.upload('recursive.pdf', recursivePdf());
    const job = await stack.jobEnds(answer.json.job.id, 90_000);
    expect(['done', 'failed']).toContain(job.state);
    expect([undefined, 'pdf-corrupt', 'resource-limit', 'no-text-layer']).toContain(job.error?.code);
  });
});

describe('#17 tables: sniffed and read with what is to be known of them, or refused with the line', () => {
  it('an open quotation mark names its line', async () => {
    const { state, code, document } = await read(
      'open.csv',
      'Berth,Boat\nNorth,Windlass\nSouth,"Halyard\nEast,Skiff\n',
    );
    expect([state, code]).toEqual(['failed', 'csv-invalid']);
    expect((await stack.call('GET', `/v1/documents/${document}`)).json.error.message).toContain('line 3');
  });

  it.each<[string, File, string[], string]>([
    ['semicolons.csv', 'Berth;Boat\nNorth;Windlass, the old one\n', [], 'Boat: Windlass, the old one'],
    ['ragged.csv', 'Berth,Boat\nWest,Skiff,9\nNorth\n', ['rows-ragged'], 'Boat: Skiff'],
    ['utf16.csv', Buffer.from('\ufeffBerth;Boat\nEast;Möwe\n', 'utf16le'), [], 'Boat: Möwe'],
  ])('%s', async (name, bytes, notices, text) => {
    const { document } = await read(name, bytes);
    const seen = (await stack.call('GET', `/v1/documents/${document}`)).json;
    expect(seen.notices.map((notice: { code: string }) => notice.code)).toEqual(notices);
    expect((await stack.call('GET', `/v1/documents/${document}/content`)).json.text).toContain(text);
  });

  it('two million rows are capped, and one is told', async () => {
    const { json } = await stack.upload('endless.csv', `a,b\n${'1,2\n'.repeat(2_000_000)}`);
    const notices = await vi.waitFor(
      async () => {
        const seen = (await stack.call('GET', `/v1/documents/${json.document.id}`)).json;
        expect(seen.notices).not.toEqual([]);
        return seen.notices;
      },
      { timeout: 90_000, interval: 200 },
    );
    expect(notices).toEqual([{ code: 'rows-capped', message: 'Only the first 50,000 rows were read.' }]);
    // Nobody waits for the rest of it.
    expect((await stack.call('POST', `/v1/jobs/${json.job.id}/cancel`)).status).toBe(200);
    expect((await stack.call('DELETE', `/v1/documents/${json.document.id}`)).status).toBe(202);
  });
});

describe('#18 names that lead elsewhere or are no names: kept apart from where anything is stored', () => {
  it.each([
    ['../../etc/passwd.md', 'passwd.md'],
    ['..\\..\\windows\\win.md', 'win.md'],
    ['CON.md', 'CON.md'],
    ['invoice\u202efdp.md', 'invoicefdp.md'],
    ['a"b%22; filename=evil.exe.md', undefined],
    [`${'é'.repeat(300)}.md`, undefined],
  ])('%j', async (name, shown) => {
    const { json } = await stack.upload(name, `# A\n\nA text for ${JSON.stringify(name)}.\n`);
    const { sourceName, id, title } = json.document;
    if (shown !== undefined) expect(sourceName).toBe(shown);
    expect(sourceName.length).toBeLessThanOrEqual(300);
    expect(sourceName).toMatch(/\.md$/);
    expect(`${sourceName}${title}`).not.toMatch(/[/\\\p{Cc}\p{Cf}]/u);
    const original = await stack.call('GET', `/v1/documents/${id}/original`);
    expect(original.text).toContain('A text for');
    expect(original.headers.get('content-disposition')).toMatch(
      /^attachment; filename\*=UTF-8''[A-Za-z0-9%._~!'()*-]+$/,
    );
    expect(original.headers.get('x-content-type-options')).toBe('nosniff');
    expect(original.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('one with a bell in it is refused in a form, and cleaned in a text', async () => {
    expect(statusAndCode(await stack.upload('a\u0007b.md', 'Ring.'))).toEqual([400, 'bad-request']);
    const { json } = await stack.call('POST', '/v1/documents', { body: { title: 'a\u0007b', text: 'Ring.' } });
    expect(json.document.title).toBe('a b');
  });

  it('a source’s name has no way upwards either', async () => {
    const body = { title: 'x', text: 'Up and up.', sourceUri: '../../../a/./../b\u202e.md' };
    const { json } = await stack.call('POST', '/v1/documents', { body });
    expect(json.document.sourceName).toBe('a/b.md');
  });
});

describe('#19 addresses that are nobody’s business: 422 url-not-allowed', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://[::ffff:169.254.169.254]/',
    'http://localhost:5432/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0/',
    'http://[::1]:6333/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://[fd00::1]/',
    'http://printer.local/',
    'http://db.internal/',
    'http://localhost./',
    'http://user:secret@example.org/',
    'file:///run/secrets/nlp_token',
    'ftp://example.org/a',
    'gopher://example.org/',
    'javascript:alert(1)',
    'data:text/plain,hello',
  ])('%s', async (url) => {
    const answer = await stack.call('POST', '/v1/sources', { body: { kind: 'url', url, everySeconds: null } });
    expect(statusAndCode(answer)).toEqual([422, 'url-not-allowed']);
  });
});

const long = (name: string, sections: number): string =>
  `# ${name}\n\n${Array.from({ length: sections }, (_, at) => `## ${name} ${at}\n\n${name} ${at} lies ${at * 3} metres off the pier and blinks ${at} times in the night.`).join('\n\n')}\n`;

describe('#20 the same thing at once: one document; one key for two things: 422; one still running: 409', () => {
  it('ten uploads of one file', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => stack.upload('ten.md', '# Ten\n\nTen at once.\n')));
    expect(all.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 9 }, () => 200), 202]);
    expect(new Set(all.map(({ json }) => json.document.id)).size).toBe(1);
    expect(all.filter(({ json }) => json.deduplicated)).toHaveLength(9);
  });

  it('a key', async () => {
    const send = (title: string): Promise<Answer> =>
      stack.call('POST', '/v1/documents', {
        body: { title, text: `Of ${title}.` },
        headers: { 'idempotency-key': 'key-20' },
      });
    const kb = (await stack.call('GET', '/v1/knowledge-bases')).json.items.find(
      (entry: { isDefault?: boolean; name: string }) => entry.isDefault ?? true,
    );
    // What every upload to it waits for is held, so that the first is really under way.
    const held = stack.sql(`select pg_advisory_lock(742002, hashtext('${kb.id}')), pg_sleep(60)`).catch(() => []);
    const holds = "from pg_stat_activity where query like '%pg_sleep(60)%' and query not like '%pg_stat_activity%'";
    await vi.waitFor(
      async () => expect(await stack.sql(`select 1 ${holds} and wait_event = 'PgSleep'`)).toEqual(['1']),
      { timeout: 20_000 },
    );
    // Whichever comes first is the one that goes on.
    const both = [send('One'), send('One')];
    const early = await Promise.race(both);
    expect(statusAndCode(early)).toEqual([409, 'idempotency-running']);
    expect(statusAndCode(await send('Two'))).toEqual([422, 'idempotency-mismatch']);
    await stack.sql(`select pg_terminate_backend(pid) ${holds}`);
    await held;
    const made = (await Promise.all(both)).find(({ status }) => status !== 409);
    expect(made?.status).toBe(202);
    const again = await send('One');
    expect([again.status, again.json.document.id]).toEqual([202, made?.json.document.id]);
  });
});

describe('#21 deleted while it is read, sent while it is deleted, cancelled when it is over', () => {
  it('nothing is left of what is deleted in the middle', async () => {
    const { json } = await stack.upload('gone.md', long('Gone', 120));
    const id: string = json.document.id;
    await vi.waitFor(async () => expect(await vectorsOf(id)).toBeGreaterThan(0), { timeout: 60_000, interval: 50 });
    const removed = await stack.call('DELETE', `/v1/documents/${id}`);
    expect(removed.status).toBe(202);
    expect(
      (await stack.call('POST', '/v1/search', { body: { query: 'How far off lies Gone 3?' } })).json.hits,
    ).toSatisfy((hits: { documentId: string }[]) => hits.every((hit) => hit.documentId !== id));
    // The same file comes back before the old one is gone: it is another document.
    const again = await stack.upload('gone.md', long('Gone', 12));
    expect(again.status).toBe(202);
    expect(again.json.document.id).not.toBe(id);
    expect(await stack.jobEnds(removed.json.job.id)).toMatchObject({ state: 'done', result: { vectorsRemaining: 0 } });
    expect(await stack.jobEnds(json.job.id)).toMatchObject({ state: 'cancelled' });
    expect(await vectorsOf(id)).toBe(0);
    expect((await stack.call('GET', `/v1/documents/${id}`)).status).toBe(404);
    const job = await stack.jobEnds(again.json.job.id);
    expect(job.state).toBe('done');
    const document = (await stack.call('GET', `/v1/documents/${again.json.document.id}`)).json;
    expect(await vectorsOf(document.id)).toBe(document.chunks);

    const late = await stack.call('POST', `/v1/jobs/${job.id}/cancel`);
    expect(statusAndCode(late)).toEqual([409, 'job-final']);
    expect((await stack.call('GET', `/v1/documents/${document.id}`)).json.state).toBe('ready');
  });

  it('cancelled twice is cancelled once', async () => {
    const { json } = await stack.upload('given-up.md', long('Given up', 120));
    expect((await stack.call('POST', `/v1/jobs/${json.job.id}/cancel`)).json.job.state).toBe('cancelled');
    expect(statusAndCode(await stack.call('POST', `/v1/jobs/${json.job.id}/cancel`))).toEqual([409, 'job-final']);
    await vi.waitFor(
      async () =>
        expect((await stack.call('GET', `/v1/documents/${json.document.id}`)).json).toMatchObject({
          state: 'failed',
          error: { code: 'cancelled' },
        }),
      { timeout: 20_000 },
    );
  });
});
