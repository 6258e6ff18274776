#!/usr/bin/env bash
# Runs the processes of one lab. Ends them and removes its directory on the order to quit, or when the process
# that owns the lab is gone, however that died: the owner holds the other end of standard input.
#
#   supervisor.sh DIRECTORY
#
# Reads orders from the named pipe DIRECTORY/run/control, one a line:
#   start NAME   runs DIRECTORY/run/NAME.sh; its output goes to NAME.log, its process id to NAME.pid,
#                and NAME.exit appears with its exit status when it has ended
#   keep         stops watching its owner: everything runs on until the order to quit
#   quit         ends everything
# A NAME.pid file without NAME.exit is killed at the end whoever wrote it.
set -m # every process gets a group of its own, so that its children can be ended with it
directory=$1
run=$directory/run

start() {
  rm -f "$run/$1.pid" "$run/$1.exit"
  (
    exec 3>&- 4<&-
    bash "$run/$1.sh" </dev/null >>"$run/$1.log" 2>&1 &
    echo $! >"$run/$1.pid.new"
    mv "$run/$1.pid.new" "$run/$1.pid"
    wait $!
    echo $? >"$run/$1.exit"
  ) &
  until [ -e "$run/$1.pid" ]; do sleep 0.01; done
}

keep() {
  kill -KILL -- "-$watcher"
  watcher=
  : >"$run/kept"
}

finish() {
  trap '' TERM INT HUP
  groups=$(jobs -p)
  [ -n "$watcher" ] && kill -KILL -- "-$watcher"
  for file in "$run"/*.pid; do
    [ -e "$file" ] && [ ! -e "${file%.pid}.exit" ] && kill -KILL "$(cat "$file")"
  done
  wait
  for group in $groups; do kill -KILL -- "-$group"; done
  cd /
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf "$directory" && break
    sleep 0.1
  done
  exit 0
} 2>/dev/null

trap finish TERM INT HUP
exec 4<&0 </dev/null 3<>"$run/control"
(
  trap - TERM INT HUP
  cat <&4 >/dev/null
  echo quit >&3
) &
watcher=$!
echo $$ >"$run/supervisor.new"
mv "$run/supervisor.new" "$run/supervisor"

while read -r order name <&3; do
  case $order in
    start) start "$name" ;;
    keep) keep ;;
    quit) finish ;;
  esac
done
