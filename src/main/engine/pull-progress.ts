/** Adds up the layers of one pull: the engine reports each by itself, a person wants one bar. */

import { asNumber, asObject, asText } from '../../shared/model/json.ts';
import type { JsonObject, PullProgress } from './engine-client.ts';

interface Layer {
  /** Of the download; null until the engine says so. */
  size: number | null;
  downloaded: number;
  unpacked: number;
  state: 'announced' | 'downloading' | 'downloaded' | 'unpacking' | 'done';
}

/** More than any image has: an engine that invents layers takes no memory. */
const maxLayers = 1000;

/**
 * Turns each message of a pull into the progress of the whole: the bytes downloaded, of those to download. The total
 * is null while a layer is left whose size the engine has not told, so that the bar, once it has a length, only grows;
 * layers that are here already have no bytes and count as done. What is unpacked is told in words.
 */
export function createPullProgress(): (message: JsonObject) => PullProgress {
  const layers = new Map<string, Layer>();
  let total: number | null = null;

  function layerOf(id: string): Layer | undefined {
    const known = layers.get(id);
    if (known !== undefined || layers.size >= maxLayers) return known;
    const layer: Layer = { size: null, downloaded: 0, unpacked: 0, state: 'announced' };
    layers.set(id, layer);
    return layer;
  }

  return (message) => {
    const status = asText(message.status);
    const detail = asObject(message.progressDetail);
    const id = asText(message.id);
    const layer = isOfLayer(id, status) ? layerOf(id) : undefined;
    if (layer !== undefined) note(layer, status, asNumber(detail.current), asNumber(detail.total));
    const all = [...layers.values()];
    const doneBytes = all.reduce((sum, { downloaded }) => sum + downloaded, 0);
    const sizes = all.map(({ size }) => size);
    // A layer that turns up late must not make the bar shorter than it was.
    if (all.length > 0 && !sizes.includes(null)) {
      total = Math.max(
        total ?? 0,
        sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
      );
    }
    return { status: words(all, status), doneBytes, totalBytes: total === 0 ? null : total };
  };
}

/** The head of the stream bears the tag as id, and the name of the image. */
function isOfLayer(id: string, status: string): boolean {
  return id !== '' && !status.startsWith('Pulling from');
}

function note(layer: Layer, status: string, current: number, size: number): void {
  if (status === 'Downloading') {
    // What has come has come: a word that arrives after the end makes the bar no longer.
    if (layer.state !== 'announced' && layer.state !== 'downloading') return;
    layer.state = 'downloading';
    if (size > 0) layer.size = Math.max(layer.size ?? layer.downloaded, size);
    // A download that the engine begins again counts once.
    layer.downloaded = Math.max(layer.downloaded, Math.min(current, layer.size ?? current));
    return;
  }
  if (status === 'Verifying Checksum' || status === 'Download complete' || status === 'Extracting') {
    finishDownload(layer, status === 'Extracting' ? size : 0);
    if (status === 'Extracting') {
      layer.state = 'unpacking';
      layer.unpacked = Math.max(layer.unpacked, Math.min(current, layer.size ?? current));
    } else if (layer.state !== 'unpacking' && layer.state !== 'done') {
      layer.state = 'downloaded';
    }
    return;
  }
  if (status === 'Pull complete' || status === 'Already exists') {
    finishDownload(layer, 0);
    layer.unpacked = layer.downloaded;
    layer.state = 'done';
  }
}

function finishDownload(layer: Layer, size: number): void {
  layer.size ??= Math.max(layer.downloaded, size);
  layer.downloaded = layer.size;
}

function words(layers: readonly Layer[], status: string): string {
  if (layers.length === 0) return status;
  const left = layers.filter(({ state }) => state === 'announced' || state === 'downloading').length;
  if (left > 0) {
    if (/^Retrying in \d+/.test(status)) return 'The registry broke off; trying again';
    return `Downloading, ${layers.length - left} of ${layers.length} layers`;
  }
  const done = layers.filter(({ state }) => state === 'done').length;
  return done === layers.length ? 'Unpacked' : `Unpacking, ${done} of ${layers.length} layers`;
}
