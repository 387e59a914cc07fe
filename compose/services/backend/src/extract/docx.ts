/** Word documents to blocks: what Word calls headings, lists and tables becomes what HTML calls so, and that is read. */
import { BackendProblem } from '../http/problem.ts';
import type { Extracted } from './extracted.ts';
import { extractHtml } from './html.ts';
import { readZip } from './zip.ts';

const coreProperties = 'docProps/core.xml';
const body = 'word/document.xml';
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function titleOf(xml: string): string | null {
  const raw = /<dc:title[^>]*>([^<]*)<\/dc:title>/.exec(xml)?.[1]?.trim() ?? '';
  return raw === '' ? null : raw.replace(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => entities[name] ?? '');
}

/** @throws {BackendProblem} `docx-corrupt`, `resource-limit` */
export async function extractDocx(bytes: Uint8Array, fallbackTitle: string): Promise<Extracted> {
  try {
    // First, because the library that follows inflates whatever it is given.
    const parts = await readZip(bytes, (name) => name === coreProperties || name === body);
    if (!parts.has(body)) throw new Error(`no ${body}`);
    const { default: mammoth } = await import('mammoth');
    const { value } = await mammoth.convertToHtml(
      { buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) },
      {
        externalFileAccess: false,
        styleMap: ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => p:fresh"],
        // Pictures hold no text; without this they would become long words of base64.
        convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
      },
    );
    const extracted = extractHtml(value, fallbackTitle);
    const title = titleOf(parts.get(coreProperties)?.toString('utf8') ?? '');
    return title === null ? extracted : { ...extracted, title: title.slice(0, 500) };
  } catch (error) {
    if (error instanceof BackendProblem) throw error;
    throw new BackendProblem('docx-corrupt', 'The Word document cannot be read: it is damaged or cut off.', {
      cause: error,
    });
  }
}
