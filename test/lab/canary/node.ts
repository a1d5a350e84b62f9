// Scripts for a booted worker: leaks to be found, crashes of those who hold secrets, and what to search.
import { sampleFolder } from './sampler.ts';

export interface Leaks {
  argument: string;
  environment: string;
  journal: string;
  console: string;
  state: string;
  cloudInit: string;
  freed: string;
  core: string;
  packet: string;
}

/** One leak in every place that is searched; the last is a request to the lab's plain registry. */
export const leakScript = (leaks: Leaks, registry: string): string => `set -e
echo ${leaks.journal} | systemd-cat --identifier=canary
echo ${leaks.console} >/dev/console
echo ${leaks.state} >/run/groundup/canary
echo ${leaks.cloudInit} >/var/lib/cloud/canary
before=$(cat /proc/sys/kernel/core_pattern)
echo /var/tmp/canary-core >/proc/sys/kernel/core_pattern
(ulimit -c unlimited; LEAK=${leaks.core} sleep 60 & pid=$!; sleep 1; kill -SEGV $pid; wait $pid || true)
echo "$before" >/proc/sys/kernel/core_pattern
curl --silent --max-time 10 --output /dev/null --header 'X-Leak: ${leaks.packet}' http://${registry}/v2/ || true
for block in $(seq 200); do printf '%-4096s' ${leaks.freed}; done >/var/tmp/canary-freed
sync; rm /var/tmp/canary-freed; sync
`;

/** Stops a process again and again until its memory holds the node's key, and ends it there. */
export const crashScript = `cat >/run/canary/crash.py <<'end'
import glob, os, signal, subprocess, time
file = glob.glob('/var/lib/kubelet/*-key.pem')[0]
lines = [line for line in open(file, 'rb').read().split(b'\\n') if line[:1] not in (b'', b'-', b'#')]
def holds(pid):
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as memory:
        for line in maps.read().splitlines():
            span, mode = line.split()[:2]
            start, end = (int(part, 16) for part in span.split('-'))
            if mode[:2] != 'rw':
                continue
            try:
                memory.seek(start)
                if lines[1] in memory.read(end - start):
                    return True
            except (OSError, OverflowError, ValueError):
                pass
    return False
def crash(unit, name):
    show = ['systemctl', 'show', '--property=MainPID', '--value', unit]
    end = time.monotonic() + 40
    while time.monotonic() < end:
        pid = int(subprocess.run(show, capture_output=True, text=True).stdout or 0)
        try:
            while pid and time.monotonic() < end:
                os.kill(pid, signal.SIGSTOP)
                held = holds(pid)
                if held:
                    os.kill(pid, signal.SIGSEGV)
                os.kill(pid, signal.SIGCONT)
                if held:
                    return print(unit, 'crashed with the key in its memory', flush=True)
                time.sleep(0.02)
        except (ProcessLookupError, FileNotFoundError):
            pass
        time.sleep(0.05)
    print(unit, 'never held the key', flush=True)
subprocess.run(['systemctl', 'restart', '--no-block', 'groundup.service'])
crash('groundup.service', 'qjs')
crash('kubelet.service', 'kubelet')
end
python3 /run/canary/crash.py
systemctl restart groundup.service
for try in $(seq 30); do pidof kubelet >/run/canary/pid && break; sleep 1; done
pid=$(cat /run/canary/pid) && kill -QUIT $pid && echo kubelet told where it was
sleep 3
systemctl restart groundup.service
`;

/** An archive, in base64, of every file system in memory and of what others write beside their secrets. */
export const collectScript = `journalctl --no-pager --all --output=export >${sampleFolder}/journal
tar --create --one-file-system --ignore-failed-read --warning=none --file=- \\
/run /tmp /dev/shm /var/tmp /var/lib/cloud /var/lib/groundup /var/log 2>/dev/null | base64 --wrap=0
`;
