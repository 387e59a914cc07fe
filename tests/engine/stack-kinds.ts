/** Compose files of each kind: what services have, and how they hang together. */
import { shapeYaml } from './scratch.ts';

const healthy = 'healthcheck: { test: ["CMD", "true"], interval: 1s, timeout: 2s, retries: 5 }';
/** @param port one that is free on this machine */
export function stackKinds(tinyImage: string, port: number): Readonly<Record<string, string>> {
  return {
    flat: shapeYaml('flat', tinyImage),
    graph: shapeYaml('graph', tinyImage),
    'ports, replicas and no healthcheck': `
services:
  web:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    ports: ["127.0.0.1:${port}:80", "127.0.0.1::81", "127.0.0.1:${port}:80/udp"]
    expose: ["90"]
    stop_grace_period: 1s
  worker:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    scale: 3
`,
    'networks, volumes, secrets and a job': `
services:
  init:
    image: ${tinyImage}
    command: ["sh", "-c", "cat /run/secrets/word > /data/word"]
    volumes: ["named:/data"]
    secrets: [word]
    networks: [back]
  db:
    image: ${tinyImage}
    init: true
    command: ["sh", "-c", "cat /data/word; echo; echo to the error stream >&2; sleep 1000"]
    container_name: quayside-test-own-name
    volumes: ["named:/data:ro", "./host:/host", "/anonymous"]
    networks: { back: { aliases: [database] } }
    depends_on: { init: { condition: service_completed_successfully } }
    ${healthy}
  web:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    networks: [default, back]
    configs: [{ source: word, target: /etc/word }]
    depends_on: { db: { condition: service_healthy, restart: true } }
    profiles: [""]
    ${healthy}
  helper:
    image: ${tinyImage}
    init: true
    command: ["sleep", "1000"]
    network_mode: "service:web"
networks:
  back: { internal: true, labels: { kind: back }, ipam: { config: [{ subnet: 10.213.77.0/24 }] } }
volumes:
  named: { labels: { kind: named } }
secrets:
  word: { file: ./word }
configs:
  word: { file: ./word }
`.replace('    profiles: [""]\n', ''),
  };
}
