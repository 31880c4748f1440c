package browser

import (
	"strings"
	"syscall"

	"troupe/actors/account/persona"
)

// features are all the features that are off; of several such switches Chromium takes only the last. The first
// line costs memory (two renderers nobody sees), the second asks services or shows bars, the last joins a
// multicast group with the machine's address.
var features = []string{
	"SpareRendererForSitePerProcess", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
	"Translate", "OptimizationHints", "MediaRouter", "DialMediaRouteProvider", "AutofillServerCommunication",
	"WebRtcHideLocalIpsWithMdns",
}

// switches are those that do not depend on the account.
var switches = []string{
	"--remote-debugging-pipe",
	"--no-startup-window", "--no-first-run", "--no-default-browser-check", "--restore-last-session",
	"--disable-blink-features=AutomationControlled",

	// no traffic of its own, and none beside the proxy
	"--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
	"--disable-domain-reliability", "--metrics-recording-only", "--disable-breakpad", "--disable-crash-reporter",
	"--proxy-bypass-list=<-loopback>",
	"--webrtc-ip-handling-policy=disable_non_proxied_udp", "--disable-quic",
	"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", // what the shell understands; the browser has forgotten it (156, seen 2026-11)

	// a kept page goes on although nobody looks at it
	"--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
	"--disable-hang-monitor", "--disable-prompt-on-repost",
	"--allow-pre-commit-input", // or a click that comes before the page's first frame is lost

	"--disable-extensions", "--disable-component-extensions-with-background-pages", "--mute-audio",
	"--password-store=basic", "--use-mock-keychain",
	"--disk-cache-size=33554432", "--media-cache-size=1048576",
	"--disable-features=" + strings.Join(features, ","),
}

// minSharedMemory is the size of /dev/shm, in bytes, below which Chromium should not rely on it.
const minSharedMemory = 256 << 20

// arguments are Chromium's command line for c.
func arguments(c Config, mode Mode, version string) []string {
	gate, _, _ := strings.Cut(c.Proxy, ":")
	args := append([]string{
		"--user-data-dir=" + c.profile(), "--proxy-server=http://" + c.Proxy,
		"--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE " + gate, // names are the gate's business
	}, switches...)
	if mode == Headless {
		args = append(args, "--headless=new")
	}
	if c.noSandbox() {
		args = append(args, "--no-sandbox")
	}
	if len(c.Pins) > 0 {
		args = append(args, "--ignore-certificate-errors-spki-list="+strings.Join(c.Pins, ","))
	}
	var shm syscall.Statfs_t
	if err := syscall.Statfs("/dev/shm", &shm); err != nil || shm.Blocks*uint64(shm.Bsize) < minSharedMemory {
		args = append(args, "--disable-dev-shm-usage")
	}
	return append(args, persona.Args(c.Persona, version)...)
}

// environment is all that Chromium sees of this process's surroundings. Its temporary files go to its working folder,
// which is named in a way that stays short: the path of a socket has at most 107 bytes.
func environment(c Config, shown []string) []string {
	env := []string{"HOME=" + c.profile(), "TMPDIR=/proc/self/cwd", "PATH=/usr/bin:/bin"}
	return append(append(env, persona.Env(c.Persona)...), shown...)
}
