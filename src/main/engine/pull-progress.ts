/** Adds up the layers of one pull: the engine reports each by itself, a person wants one bar. */

import { asNumber, asObject, asText } from '../../shared/model/json.ts';
import type { JsonObject, PullProgress } from './engine-client.ts';

interface Layer {
  downloaded: number;
  downloadBytes: number;
  extracted: number;
  extractBytes: number;
}

/** Turns each message of a pull into the progress of the whole. */
export function createPullProgress(): (message: JsonObject) => PullProgress {
  const layers = new Map<string, Layer>();

  return (message) => {
    const status = asText(message.status);
    const detail = asObject(message.progressDetail);
    const id = asText(message.id);
    if (id !== '' && layers.size < 1000) {
      const layer = layers.get(id) ?? { downloaded: 0, downloadBytes: 0, extracted: 0, extractBytes: 0 };
      const [current, total] = [asNumber(detail.current), asNumber(detail.total)];
      if (status === 'Downloading') {
        layer.downloaded = current;
        if (total > 0) layer.downloadBytes = total;
      } else if (status === 'Extracting') {
        layer.downloaded = layer.downloadBytes;
        layer.extracted = current;
        if (total > 0) layer.extractBytes = total;
      } else if (status === 'Download complete') {
        layer.downloaded = layer.downloadBytes;
      } else if (status === 'Pull complete') {
        layer.downloaded = layer.downloadBytes;
        layer.extracted = layer.extractBytes;
      }
      layers.set(id, layer);
    }
    const all = [...layers.values()];
    const sum = (pick: (layer: Layer) => number) => all.reduce((total, layer) => total + pick(layer), 0);
    const downloadBytes = sum((layer) => layer.downloadBytes);
    const downloaded = sum((layer) => layer.downloaded);
    if (downloadBytes > 0 && downloaded < downloadBytes) {
      return { status: 'Downloading', doneBytes: downloaded, totalBytes: downloadBytes };
    }
    const extractBytes = sum((layer) => layer.extractBytes);
    if (extractBytes > 0) {
      return { status: 'Extracting', doneBytes: sum((layer) => layer.extracted), totalBytes: extractBytes };
    }
    return { status, doneBytes: downloaded, totalBytes: downloadBytes || null };
  };
}
