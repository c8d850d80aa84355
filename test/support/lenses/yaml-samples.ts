/** YAML as people write it: a CI workflow, a compose file and Kubernetes manifests, with their comments. */

export const WORKFLOW = `# Runs on every push.
name: CI
on:
  push:
    branches: [main, 'release/**']   # and tags
  pull_request:

env:
  NODE_VERSION: "20"   # a text, not a number
  CI: true

jobs:
  test:
    name: Test on \${{ matrix.os }}
    runs-on: \${{ matrix.os }}
    timeout-minutes: 30
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-22.04, ubuntu-24.04]
        node:
        - 20
        - 22   # current
        - "24.x"
    steps:
    - uses: actions/checkout@v4   # pinned
      with:
        fetch-depth: 0
    - name: Install
      run: npm ci --ignore-scripts
    - name: Build and test
      run: |
        npm run build
        # a line of the script, no comment of the file
        npm test -- --reporter=dot

    # Only where it is slow.
    - name: Upload
      if: failure() && github.ref == 'refs/heads/main'
      uses: actions/upload-artifact@v4
      with: {name: logs, path: "out/*.log", retention-days: 5}
`;

export const COMPOSE = `x-defaults: &defaults
  restart: unless-stopped
  logging: {driver: json-file, options: {max-size: "10m"}}

services:
  web:
    <<: *defaults
    image: 'nginx:1.25-alpine'
    ports:
      - "80:80"
      - "443:443"
    environment:
      - TZ=Europe/Berlin
      - EMPTY=
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost/"]
      interval: 1m30s
      retries: 3

  database:
    <<: *defaults
    image: postgres:16
    command: >
      postgres
      -c shared_buffers=256MB
    volumes:
      - data:/var/lib/postgresql/data   # kept
    mem_limit: 0x20000000

volumes:
  data: {}
`;

export const MANIFESTS = `apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  selector:
    app: web
  ports:
  - name: http
    port: 80
    targetPort: 8080
---
# The workload.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    note: "first: second"
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        image: example/web:1.4.2
        args: ["--port", "8080"]
        resources:
          limits:
            cpu: 500m
            memory: 128Mi
        env:
        - name: LEVEL
          value: 'debug'
        - name: EMPTY
          value:
`;

/** About a thousand lines: the compose file's services over and over, with comments. */
export function longYaml(): string {
  const service = (i: number): string => `  # Service number ${i}.
  service-${i}:
    image: "example/service:${i}"   # built nightly
    port: ${8000 + i}
    ratio: ${i}.5
    enabled: ${i % 2 === 0}
    tags: [a, 'b', "c ${i}"]
    notes: |
      line one of ${i}
        indented

      line three
    limits:
      memory: ${i}Mi
      hosts:
      - host-${i}.example.com   # first
      - name: other
        weight: ${i}

`;
  return `# Generated for tests.\nversion: 2\nservices:\n${Array.from({ length: 60 }, (_, i) => service(i)).join('')}`;
}
