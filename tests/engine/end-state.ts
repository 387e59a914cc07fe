/** What an `up` left on the engine, without what rightly differs from run to run: to compare a disturbed with an undisturbed one. */
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { asList, asObject, asText, asTextMap, asTexts } from '../../src/shared/model/json.ts';

export interface EndState {
  readonly containers: readonly unknown[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** Containers by name with what they are made of and how they are, networks and volumes by name. */
export async function endState(engine: EngineClient, project: string): Promise<EndState> {
  const filter = [`com.docker.compose.project=${project}`];
  const [listed, networks, volumes] = await Promise.all([
    engine.listContainers(filter),
    engine.listNetworks(filter),
    engine.listVolumes(filter),
  ]);
  // A new replica gets the highest number plus one, as with Compose: after a gap they are 2 and 3. Ranks are compared.
  const ranks = new Map<string, string>();
  const numbered = listed.map((summary) => ({
    ...summary,
    service: summary.labels['com.docker.compose.service'] ?? '',
    number: Number(summary.labels['com.docker.compose.container-number']),
  }));
  for (const one of numbered) {
    const rank = numbered.filter(({ service, number }) => service === one.service && number <= one.number).length;
    ranks.set(`${project}-${one.service}-${one.number}`, `P-${one.service}-#${rank}`);
  }
  const plain = (text: string): string => ranks.get(text) ?? text.replaceAll(project, 'P');
  const containers = await Promise.all(
    listed.map(async ({ id, name }) => {
      const raw = asObject(await engine.inspectContainer(id));
      const config = asObject(raw.Config);
      const state = asObject(raw.State);
      const labels = Object.fromEntries(
        // A replaced container says whom it replaced; a disturbed run may replace in two steps what another does in one.
        Object.entries(asTextMap(config.Labels)).filter(
          ([key]) => key !== 'com.docker.compose.replace' && key !== 'com.docker.compose.container-number',
        ),
      );
      return {
        name: plain(name),
        state: asText(state.Status),
        health: asText(asObject(state.Health).Status),
        exitCode: state.ExitCode,
        image: asText(config.Image),
        env: asTexts(config.Env),
        labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, plain(value)])),
        networks: Object.entries(asObject(asObject(raw.NetworkSettings).Networks))
          .map(([network, endpoint]) => ({
            network: plain(network),
            aliases: asTexts(asObject(endpoint).Aliases)
              .filter((alias) => !(alias.length === 12 && id.startsWith(alias)))
              .map(plain)
              .sort(),
          }))
          .sort((a, b) => a.network.localeCompare(b.network)),
        mounts: asList(raw.Mounts)
          .map((mount) => `${plain(asText(asObject(mount).Name))} ${asText(asObject(mount).Destination)}`)
          .sort(),
      };
    }),
  );
  return {
    containers: containers.sort((a, b) => a.name.localeCompare(b.name)),
    networks: networks.map(({ Name }) => plain(asText(Name))).sort(),
    volumes: volumes.map(({ Name }) => plain(asText(Name))).sort(),
  };
}
