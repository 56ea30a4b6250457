#!/usr/bin/env bash
# A real Slurm on one Debian machine, for the tests: a controller and two nodes (a, b), all on loopback. Needs root, no systemd.
#
#   slurm_up.sh up               install what is missing and start; says so and uses it when a Slurm already answers
#   slurm_up.sh down             end what 'up' started (a Slurm that was there before is left alone)
#   slurm_up.sh nodes            names of the nodes
#   slurm_up.sh kill-node NODE   as a power cut would: its slurmd, its slurmstepd and all processes of its jobs, at once
#   slurm_up.sh start-node NODE  that node again
#
# Only for tests: no accounting, no limits by cgroups, and every file of it is removed by 'down'.
set -euo pipefail

PLACE=/var/tmp/lintas-slurm
CONF=/etc/slurm/slurm.conf
OURS='# written by the tests of lintas'

fail() { echo "slurm_up.sh: $*" >&2; exit 1; }
answers() { timeout 20 sinfo --noheader > /dev/null 2>&1; }
ours() { head -1 "$CONF" 2> /dev/null | grep -qxF "$OURS"; }

install_packages() {
  local missing=() p
  for p in munge slurmctld slurmd slurm-client; do dpkg -s "$p" > /dev/null 2>&1 || missing+=("$p"); done
  [ ${#missing[@]} = 0 ] && return
  # packages start their daemons when they are installed; these have no settings yet
  local policy=/usr/sbin/policy-rc.d had=no
  if [ -e "$policy" ]; then had=yes; else printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } > "$PLACE/apt.log" 2>&1 \
    || { [ $had = yes ] || rm -f "$policy"; tail -5 "$PLACE/apt.log" >&2; fail "cannot install ${missing[*]}"; }
  [ $had = yes ] || rm -f "$policy"
}

start_munge() {
  munge -n 2> /dev/null < /dev/null | unmunge > /dev/null 2>&1 && return
  mkdir -p /run/munge /var/lib/munge /var/log/munge /etc/munge
  [ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom > /etc/munge/munge.key
  chmod 600 /etc/munge/munge.key
  chmod 755 /run/munge
  chown -R munge:munge /run/munge /var/lib/munge /var/log/munge /etc/munge
  setpriv --reuid munge --regid munge --clear-groups munged --pid-file=/run/munge/munged.pid
  touch "$PLACE/munged.ours"
  sleep 1
}

settings() {
  local host cores memory node port=17801
  host=$(hostname -s)
  getent ahostsv4 "$host" | grep -q '^127\.' || echo "127.0.0.1 $host" >> /etc/hosts
  cores=$(( ($(nproc) + 1) / 2 ))
  memory=$(( $(awk '/^MemTotal/ {print $2}' /proc/meminfo) / 4096 ))
  mkdir -p "$(dirname "$CONF")"
  cat > "$CONF" << END
$OURS
ClusterName=lintas
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=17800
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation=$PLACE/state
SlurmdSpoolDir=$PLACE/node-%n
SlurmctldPidFile=$PLACE/slurmctld.pid
SlurmdPidFile=$PLACE/%n.pid
SlurmctldLogFile=$PLACE/slurmctld.log
SlurmdLogFile=$PLACE/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2,bf_interval=2,sched_min_interval=0
SlurmdTimeout=10
KillWait=5
ReturnToService=2
END
  for node in a b; do
    echo "NodeName=$node NodeAddr=127.0.0.1 NodeHostname=$host Port=$port CPUs=$cores RealMemory=$memory" >> "$CONF"
    port=$((port + 1))
  done
  echo "PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE" >> "$CONF"
}

nodes() { sed -n 's/^NodeName=\([^ ]*\) .*/\1/p' "$CONF"; }

# the process of the node's slurmd; its name is checked, so that a number used again by another process is no match
slurmd_of() { pgrep -x slurmd -a | awk -v node="$1" '{for (i = 2; i < NF; i++) if ($i == "-N" && $(i + 1) == node) print $1}'; }

# processes that a job of the node started, and the slurmstepd above them
job_processes() {
  local e p above
  for e in /proc/[0-9]*/environ; do
    grep -qsz "^SLURMD_NODENAME=$1$" "$e" || continue
    p=${e#/proc/}; p=${p%/environ}
    echo "$p"
    above=$(awk '/^PPid:/ {print $2}' "/proc/$p/status" 2> /dev/null || true)
    [ "$(cat "/proc/${above:-0}/comm" 2> /dev/null)" = slurmstepd ] && echo "$above"
  done | sort -u
}

kill_node() {
  local all
  nodes | grep -qx "$1" || fail "there is no node '$1'; there are: $(nodes | tr '\n' ' ')"
  all="$(slurmd_of "$1") $(job_processes "$1")"
  # shellcheck disable=SC2086
  kill -KILL $all 2> /dev/null || true
  # what was started between the look and the kill
  all=$(job_processes "$1")
  # shellcheck disable=SC2086
  [ -z "$all" ] || kill -KILL $all 2> /dev/null || true
}

start_node() {
  nodes | grep -qx "$1" || fail "there is no node '$1'"
  [ -n "$(slurmd_of "$1")" ] || slurmd -N "$1"
}

wait_for_nodes() {
  local want have i
  want=$(nodes | wc -l)
  for i in $(seq 360); do
    have=$(sinfo --noheader --Node --states=idle,alloc,mix --format='%N %t' 2> /dev/null | grep -vc '\*' || true)
    [ "${have:-0}" -ge "$want" ] && return
    [ $((i % 20)) = 0 ] && for n in $(nodes); do scontrol update "nodename=$n" state=resume > /dev/null 2>&1 || true; done
    sleep 0.5
  done
  fail "only ${have:-0} of $want nodes came up; see $PLACE/*.log"
}

up() {
  if answers; then echo "a Slurm answers already and is used"; return; fi
  [ "$(id -u)" = 0 ] || fail "starting a Slurm needs root"
  [ -e /etc/debian_version ] || fail "this script knows Debian only"
  [ ! -e "$CONF" ] || ours || fail "$CONF is somebody else's, and no Slurm answers: left alone"
  mkdir -p "$PLACE/state"
  install_packages
  start_munge
  settings
  slurmctld
  for node in $(nodes); do mkdir -p "$PLACE/node-$node"; slurmd -N "$node"; done
  wait_for_nodes
  timeout 180 srun --ntasks=1 true || fail "a job did not run"
  echo "Slurm is up: $(nodes | tr '\n' ' ')"
}

down() {
  ours || { echo "no Slurm of ours"; return; }
  local node p
  for node in $(nodes); do kill_node "$node"; done
  for p in $(pgrep -x slurmctld); do kill "$p"; done
  for _ in $(seq 40); do pgrep -x slurmctld > /dev/null || break; sleep 0.25; done
  [ ! -e "$PLACE/munged.ours" ] || for p in $(pgrep -x munged); do kill "$p"; done
  rm -rf "$PLACE" "$CONF"
  echo "Slurm is down"
}

case "${1:-}" in
  up | down | nodes) "$1" ;;
  kill-node) kill_node "${2:?which node}" ;;
  start-node) start_node "${2:?which node}" ;;
  *) fail "use: $0 up | down | nodes | kill-node NODE | start-node NODE" ;;
esac
