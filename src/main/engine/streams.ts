/** Events, logs and stats: streams that live as long as someone listens. */

import { asNumber, asObject, asText, asTextMap } from '../../shared/model/json.ts';
import { containerPath, inspectContainer } from './containers.ts';
import type { EngineClient, EngineEvent, JsonObject } from './engine-client.ts';
import { aborted, connectionProblem, engineError } from './engine-errors.ts';
import { readJsonStream } from './json-stream.ts';
import { createDemultiplexer } from './multiplex.ts';
import type { Requester } from './request.ts';

type Streams = Pick<EngineClient, 'events' | 'logs' | 'stats'>;

const headMs = 30_000;

/** Splits `health_status: healthy` and reads both clocks the engine gives. */
export function asEvent(raw: JsonObject): EngineEvent {
  const actor = asObject(raw.Actor);
  const [action = '', said] = asText(raw.Action).split(/:\s*/, 2);
  // Podman gives the verdict a field of its own.
  const detail = said ?? (asText(raw.HealthStatus) || undefined);
  const attributes = asTextMap(actor.Attributes);
  return {
    type: asText(raw.Type),
    action,
    id: asText(actor.ID),
    attributes: action === 'health_status' && detail !== undefined ? { ...attributes, health: detail } : attributes,
    atMs: asNumber(raw.timeNano) > 0 ? asNumber(raw.timeNano) / 1e6 : asNumber(raw.time) * 1000,
  };
}

export function createStreams(requester: Requester): Streams {
  return {
    async events({ labels, types, actions, sinceS, onOpen }, onEvent, signal) {
      const filters = {
        ...(labels?.length ? { label: labels } : {}),
        ...(types?.length ? { type: types } : {}),
        ...(actions?.length ? { event: actions } : {}),
      };
      const query = {
        ...(Object.keys(filters).length > 0 ? { filters: JSON.stringify(filters) } : {}),
        ...(sinceS === undefined ? {} : { since: String(sinceS) }),
      };
      const ask = {
        method: 'GET',
        path: '/events',
        query,
        what: 'report its events',
        signal,
        deadlineMs: headMs,
      } as const;
      // No stop at silence: a quiet engine has no events. Whether it lives is asked by the monitor's heartbeat.
      const options = { silenceEnds: false, ...(onOpen ? { onOpen } : {}) };
      await readJsonStream(requester, ask, (raw) => onEvent(asEvent(raw)), options);
    },

    async logs(id, { follow, tail, sinceS }, onChunk, signal) {
      const raw = await inspectContainer(requester, id, signal);
      // Only containers with a terminal have the plain form; nothing in the stream tells them apart.
      const terminal = asObject(raw?.Config).Tty === true;
      const what = `read the log of ${id.slice(0, 12)}`;
      const query = {
        stdout: '1',
        stderr: '1',
        timestamps: '1',
        tail: String(tail),
        ...(follow ? { follow: '1' } : {}),
        ...(sinceS === undefined ? {} : { since: String(sinceS) }),
      };
      const { body } = await requester.open({ method: 'GET', path: `${containerPath(id)}/logs`, query, what, signal });
      const demultiplexer = createDemultiplexer((source, data) => onChunk({ source, data }));
      await new Promise<void>((resolve, reject) => {
        const fail = (error: unknown) => {
          reject(
            signal.aborted ? aborted(signal) : engineError(connectionProblem(error, requester.doing(what)), error),
          );
          body.destroy();
        };
        body.on('data', (chunk: Buffer) => {
          try {
            if (terminal) onChunk({ source: 'stdout', data: chunk });
            else demultiplexer.push(chunk);
          } catch (error) {
            fail(error);
          }
        });
        body.once('end', () => (demultiplexer.whole ? resolve() : fail(new Error('the stream was cut inside a line'))));
        body.once('error', fail);
        body.once('close', () => fail(new Error('the connection was cut')));
      });
    },

    async stats(id, onSample, signal) {
      const what = `measure the container ${id.slice(0, 12)}`;
      const query = { stream: '1' };
      const ask = {
        method: 'GET',
        path: `${containerPath(id)}/stats`,
        query,
        what,
        signal,
        deadlineMs: headMs,
      } as const;
      await readJsonStream(requester, ask, onSample);
    },
  };
}
