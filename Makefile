# Posta's commands. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := node_modules/.bin
# Which Node runs it: NODE=22 or 24. Else tests take the machine's own (OWN), and Posta, its suites and benches the best that is
# here (BEST): 24 from npm, where the machine has an older one.
# npm sets NODE to a path in its scripts (`npm run perf:load`), which picks none.
VERSION = $(if $(findstring /,$(NODE)),,$(NODE))
OWN = path="$$(scripts/node-path.sh $(or $(VERSION),machine))" && PATH="$$path"
BEST = path="$$(scripts/node-path.sh $(or $(VERSION),best))" && PATH="$$path"

.PHONY: help up whatsapp-sim test test-fast test-faults test-worker-faults try-tools try-examples build bench bench-queue bench-worker bench-cost bench-redis bench-http bench-analytics bench-message bench-observability bench-analytics-memory tools perf perf-smoke perf-load perf-stress perf-spike perf-endurance perf-artillery perf-compare perf-selftest fuzz profile-cpu profile-heap profile-leaks profile-flame profile-doctor profile-all preflight status replay-analytics alerts lint format types proto-lint proto-breaking generate verify check clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

up: build redis ## Set up what is missing, build, and run Posta in the foreground; Ctrl-C stops it
	@$(BEST) scripts/up.sh

whatsapp-sim: node_modules/.ready ## Run a stand-in for the WhatsApp Cloud API on PORT=8090 (POSTA=http://127.0.0.1:8080 gets its webhooks)
	@node --import tsx test/support/whatsapp-sim.ts

test: node_modules/.ready redis promtool ## Set up what is missing and run all tests (FILE=test/queue for some, NODE=24 for another Node)
	@$(OWN) $(BIN)/vitest run $(FILE)

test-fast: node_modules/.ready redis ## The tests that start no cluster and no store of their own, in about a minute
	@$(OWN) FAST=1 $(BIN)/vitest run

test-faults: node_modules/.ready redis ## Kill everything at random under load, and compare what was promised with what was done (SEED=7 RUNS=3)
	@$(OWN) SEED=$(SEED) RUNS=$(RUNS) $(BIN)/vitest run test/faults

test-worker-faults: node_modules/.ready redis ## Kill, stop and cut off workers, servers and Redis, and check what became of each job (SEED=7 RUNS=3)
	@$(OWN) SEED=$(SEED) RUNS=$(RUNS) $(BIN)/vitest run test/worker-faults

try-tools: build redis promtool ## Try Posta with grpcurl, buf curl, grpc_health_probe, Prometheus and Chromium (FILE=test/tools/probe for some)
	@scripts/try-tools.sh $(FILE)

try-examples: build redis ## Run the programs of examples/ as their users do, while servers are killed (needs Python 3 and Go)
	@scripts/try-examples.sh

build: node_modules/.ready ## Compile into dist/
	@npm run --silent build

bench-queue: build redis h2load ## Measure the queue against what it stands on; prints a table, then one JSON line
	@$(BEST) $(BIN)/tsx perf/bench/queue.ts

bench-redis: build redis ## Single commands against pipelines against group commit, on each structure of the guide
	@$(BEST) $(BIN)/tsx perf/bench/redis.ts

bench-analytics: build redis ## What recording events costs; prints a table, then one JSON line
	@$(BEST) $(BIN)/tsx perf/bench/analytics.ts

bench-message: build redis ## What taking, delivering and listing messages costs; prints a table, then one JSON line (ROWS=10000000)
	@$(BEST) $(BIN)/tsx perf/bench/message.ts

bench-observability: build redis ## What metrics, health and logs cost, and how soon a hung store is told of; prints a table, then one JSON line
	@$(BEST) $(BIN)/tsx perf/bench/observability.ts

bench-analytics-memory: redis node_modules/.ready ## What a series takes in Redis, with every minute of a day (SERIES=100000)
	@$(BEST) $(BIN)/tsx perf/bench/analytics-memory.ts

bench-http: build redis ## What the HTTP gateway costs, as ratios to gRPC
	@$(BEST) $(BIN)/tsx perf/bench/http.ts

bench-cost: build redis h2load ## What one call and an idle cluster cost in CPU; prints a table, then one JSON line
	@$(BEST) $(BIN)/tsx perf/bench/cost.ts

bench-worker: build redis ## What leasing and settling jobs costs, beside BullMQ's own Worker; prints a table, then one JSON line
	@$(BEST) $(BIN)/tsx perf/bench/worker.ts

bench: bench-queue bench-worker bench-cost bench-redis bench-http bench-analytics bench-message bench-observability ## All benches

tools: ## Install the load tools that are no npm packages (ghz) into .tools/
	@scripts/tools.sh

perf: perf-load ## The gate: the same as perf-load

perf-smoke: build redis tools ## Targets that a minute can show, at lower rates (TARGET=host:port for a service that runs)
	@$(BEST) $(BIN)/tsx perf/run.ts smoke

perf-load: build redis tools ## The guide's rates, held for DURATION=60s; STRICT=1 fails for a missed objective, too (ONLY=job-read,track for some)
	@$(BEST) $(BIN)/tsx perf/run.ts load

perf-stress: build redis tools ## Rising rates until a target breaks: finds the knee (DURATION of a step)
	@$(BEST) $(BIN)/tsx perf/run.ts stress

perf-spike: build redis tools ## Ten times the base RATE at once, and how long recovery takes
	@$(BEST) $(BIN)/tsx perf/run.ts spike

perf-endurance: build redis tools ## A moderate load for DURATION=24h: how memory, handles and latency drift (RESUME=folder)
	@$(BEST) $(BIN)/tsx perf/run.ts endurance

perf-artillery: node_modules/.ready ## artillery against the gateway of a Posta that runs (TEST=analytics TARGET=http://host:port)
	@TARGET='$(TARGET)' TEST='$(TEST)' scripts/artillery.sh

perf-compare: build redis tools ## This tree against BASE=<commit or summary.json>, interleaved: ratios with intervals; fails if this tree is slower (ROUNDS=7 ONLY=AddJob)
	@$(BEST) $(BIN)/tsx perf/compare.ts

perf-selftest: build redis tools ## Show that the gate can be trusted: red for slowed builds, green for a build against itself (RUNS=10 STEPS=smoke,load,slower,itself)
	@$(BEST) $(BIN)/tsx perf/selftest.ts

fuzz: build redis ## Send a private Posta what callers should and should not send, and judge the answers (SEED=7 DURATION=60s ONLY=AddJobs REPLAY=<file>)
	@$(BEST) $(BIN)/tsx perf/fuzz.ts

profile-cpu: build redis ## A CPU profile of the servers under SCENARIO=add-job, and where their time goes
profile-heap: build redis ## A heap snapshot of a server under load, by constructor
profile-leaks: build redis ## Three heap snapshots under repeated load, and a verdict
profile-flame: build redis ## A flame graph as one HTML file
profile-doctor: build redis ## Event loop, collections, CPU and handles, with advice
profile-all: build redis ## All of them, one after the other
profile-cpu profile-heap profile-leaks profile-flame profile-doctor profile-all:
	@$(BEST) $(BIN)/tsx perf/profile/run.ts $(@:profile-%=%)

replay-analytics: build redis ## An access log of EVENTS=2000000 lines as events: what Posta answers against what awk counts
	@$(BEST) $(BIN)/tsx perf/replay.ts

status: ## The continuous checklist of a Posta that runs (ADMIN=http://host:port)
	@curl --silent --show-error --fail --max-time 10 $(or $(ADMIN),http://127.0.0.1:$(or $(POSTA_ADMIN_PORT),9464))/status

preflight: build redis ## The checks before a deployment, a line each with its evidence (ONLY=memory,log for some)
	@$(BEST) $(BIN)/tsx ops/preflight.ts

alerts: node_modules/.ready ## Write Prometheus' alerts and Grafana's dashboard (deploy/) from slo/targets.json and slo/alerts/ (RUNBOOKS=https://... for links)
	@$(BIN)/tsx slo/alerts.ts --write

lint: node_modules/.ready ## Check format, lint, who imports whom (scripts/rooms.ts), code that nothing uses, links and spelling
	@$(BIN)/biome check --error-on-warnings .
	@$(BIN)/knip
	@$(BIN)/tsx scripts/check-rooms.ts
	@$(BIN)/tsx scripts/check-links.ts
	@$(BIN)/cspell --no-progress

format: node_modules/.ready ## Rewrite the format, and what lint can mend
	@$(BIN)/biome check --write .

types: node_modules/.ready ## Check the types
	@$(BIN)/tsc -p tsconfig.json

proto-lint: node_modules/.ready ## Lint the contract (buf STANDARD)
	@$(BIN)/buf lint

proto-breaking: node_modules/.ready ## Compare the contract with AGAINST (a git ref, main by default): nothing may break
	@$(BIN)/buf breaking --against '.git#ref=$(or $(AGAINST),main)'

generate: node_modules/.ready ## Write the contract's types (src/gen) and docs/settings.md
	@scripts/generate-types.sh
	@$(BIN)/tsx scripts/settings-table.ts --write

verify: node_modules/.ready ## Check that what is generated is up to date
	@scripts/verify.sh

check: lint types proto-lint verify ## All checks but the tests

clean: ## Remove what was built and installed; the data in .posta stays
	rm -rf dist node_modules

.PHONY: redis promtool h2load
redis:
	@scripts/need-redis.sh

h2load:
	@scripts/need-h2load.sh

promtool:
	@scripts/need-promtool.sh

node_modules/.ready: package.json package-lock.json
	@scripts/need-packages.sh
	@touch $@
