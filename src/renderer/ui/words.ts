/** The words and tones of every state, in one place, so that a state reads the same on each page. */
import type { EngineState } from '../../shared/model/engine.ts';
import type { HealthReport, ServiceHealth } from '../../shared/model/health.ts';
import type { Operation, OperationStep, Phase } from '../../shared/model/operation.ts';
import type { ServiceState, StackState } from '../../shared/model/stack.ts';

/** Tone decides colour and icon; the word always stands beside it. */
export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'idle';
export interface Said {
  readonly word: string;
  readonly tone: Tone;
}

const service: Readonly<Record<ServiceState['status'], Said>> = {
  absent: { word: 'Not created', tone: 'idle' },
  created: { word: 'Created', tone: 'idle' },
  starting: { word: 'Starting', tone: 'busy' },
  healthy: { word: 'Healthy', tone: 'good' },
  running: { word: 'Running', tone: 'good' },
  unhealthy: { word: 'Unhealthy', tone: 'bad' },
  restarting: { word: 'Restarting', tone: 'warn' },
  paused: { word: 'Paused', tone: 'warn' },
  exited: { word: 'Stopped', tone: 'idle' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
};
export const serviceSaid = (status: ServiceState['status']): Said => service[status];

/** As the rest of a sentence about it: "postgres" + "is healthy". */
export function serviceClause(status: ServiceState['status']): string {
  if (status === 'failed') return 'has failed';
  return status === 'done' ? 'has done its work' : `is ${service[status].word.toLowerCase()}`;
}

const stack: Readonly<Record<StackState['status'], Said>> = {
  unknown: { word: 'Unknown', tone: 'idle' },
  absent: { word: 'Not started', tone: 'idle' },
  stopped: { word: 'Stopped', tone: 'idle' },
  starting: { word: 'Starting', tone: 'busy' },
  healthy: { word: 'Healthy', tone: 'good' },
  degraded: { word: 'Degraded', tone: 'warn' },
  stopping: { word: 'Stopping', tone: 'busy' },
};
export const stackSaid = (status: StackState['status']): Said => stack[status];

const engine: Readonly<Record<EngineState['state'], Said>> = {
  connecting: { word: 'Connecting', tone: 'busy' },
  ready: { word: 'Ready', tone: 'good' },
  missing: { word: 'Not installed', tone: 'bad' },
  stopped: { word: 'Not running', tone: 'warn' },
  starting: { word: 'Starting', tone: 'busy' },
  'no-permission': { word: 'No permission', tone: 'bad' },
  'too-old': { word: 'Too old', tone: 'bad' },
  'too-new': { word: 'Too new', tone: 'bad' },
  'not-answering': { word: 'Not answering', tone: 'bad' },
};
export const engineSaid = (state: EngineState['state']): Said => engine[state];

const phase: Readonly<Record<Phase, string>> = {
  waiting: 'Waiting',
  pulling: 'Pulling the image',
  building: 'Building the image',
  creating: 'Creating',
  starting: 'Starting',
  checking: 'Checking health',
  ready: 'Ready',
  stopping: 'Stopping',
  stopped: 'Stopped',
};
export const phaseWord = (name: Phase): string => phase[name];

const container: Readonly<Record<ServiceHealth['state'], Said>> = {
  created: { word: 'Created', tone: 'idle' },
  running: { word: 'Running', tone: 'good' },
  paused: { word: 'Paused', tone: 'warn' },
  restarting: { word: 'Restarting', tone: 'warn' },
  removing: { word: 'Being removed', tone: 'busy' },
  exited: { word: 'Stopped', tone: 'idle' },
  dead: { word: 'Dead', tone: 'bad' },
};
export const containerSaid = (state: ServiceHealth['state']): Said => container[state];

const healthcheck: Readonly<Record<ServiceHealth['health'], Said>> = {
  none: { word: 'No healthcheck', tone: 'idle' },
  starting: { word: 'First checks', tone: 'busy' },
  healthy: { word: 'Healthy', tone: 'good' },
  unhealthy: { word: 'Unhealthy', tone: 'bad' },
};
export const healthcheckSaid = (health: ServiceHealth['health']): Said => healthcheck[health];

const application: Readonly<Record<HealthReport['overall'], Said>> = {
  healthy: { word: 'Healthy', tone: 'good' },
  degraded: { word: 'Degraded', tone: 'warn' },
  down: { word: 'Down', tone: 'bad' },
  unknown: { word: 'Unknown', tone: 'idle' },
};
export const applicationSaid = (status: HealthReport['overall']): Said => application[status];

const operation: Readonly<Record<Operation['state'], Said>> = {
  running: { word: 'Running', tone: 'busy' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  cancelled: { word: 'Cancelled', tone: 'idle' },
  interrupted: { word: 'Interrupted', tone: 'warn' },
};
export const operationSaid = (state: Operation['state']): Said => operation[state];

const step: Readonly<Record<OperationStep['state'], Said>> = {
  waiting: { word: 'Waiting', tone: 'idle' },
  running: { word: 'Running', tone: 'busy' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  cancelled: { word: 'Cancelled', tone: 'idle' },
  skipped: { word: 'Skipped', tone: 'idle' },
};
export const stepSaid = (state: OperationStep['state']): Said => step[state];
