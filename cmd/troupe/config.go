package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"troupe/actors/account"
	"troupe/actors/account/browser"
	"troupe/actors/account/evidence"
	"troupe/messages"
)

// config is a node's settings. Each comes from its flag, else from its environment variable, else from the file
// named by --config, else from the default.
type config struct {
	WorkerID        string
	Port            int
	Join            string
	Token           string // JOIN_TOKEN
	ClusterHost     string
	ClusterPort     int
	GossipPort      int
	MasterHost      string
	MasterPort      int
	NodeEnv         string
	LogLevel        string
	MaxAccounts     int
	MaxConcurrent   int
	Headless        bool
	Mode            string
	Display         string // DISPLAY
	DataDir         string
	Chromium        string
	Sandbox         string
	Retention       string
	RecycleMemory   string
	RecycleAge      string
	ExitURL         string
	Noise           string
	Fence           string
	EvidenceSize    string
	EvidenceAge     string
	Pace            float64
	Definitions     string
	IMPush          bool
	TLSCert         string
	TLSKey          string
	Proxies         []string // TRUSTED_PROXIES
	Hosts           []string
	Origins         []string
	IMRole          string
	IMNetworks      []string
	HealthListen    string
	MetricsNetworks []string
	DevRole         string
	DevDial         string
	DevPins         []string
	DevClock        string
}

// setting ties a flag to its environment variable.
type setting struct{ flag, env string }

// settings lists what the environment may set; the names are the specification's.
var settings = []setting{
	{"worker-id", "WORKER_ID"},
	{"port", "PORT"},
	{"join", "JOIN"},
	{"token", "JOIN_TOKEN"},
	{"cluster-host", "CLUSTER_HOST"},
	{"cluster-port", "CLUSTER_PORT"},
	{"gossip-port", "GOSSIP_PORT"},
	{"master-host", "MASTER_HOST"},
	{"master-port", "MASTER_PORT"},
	{"node-env", "NODE_ENV"},
	{"log-level", "LOG_LEVEL"},
	{"max-accounts", "MAX_ACCOUNTS"},
	{"max-concurrent", "MAX_CONCURRENT"},
	{"headless", "HEADLESS"},
	{"mode", "MODE"},
	{"display", "DISPLAY"},
	{"data-dir", "DATA_DIR"},
	{"chromium", "CHROMIUM"},
	{"sandbox", "SANDBOX"},
	{"retention", "RETENTION"},
	{"recycle-memory", "RECYCLE_MEMORY"},
	{"recycle-age", "RECYCLE_AGE"},
	{"exit-url", "EXIT_URL"},
	{"persona-noise", "PERSONA_NOISE"},
	{"fence", "FENCE"},
	{"evidence-size", "EVIDENCE_SIZE"},
	{"evidence-age", "EVIDENCE_AGE"},
	{"definitions", "DEFINITIONS"},
	{"im-push", "IM_PUSH"},
	{"tls-cert", "TLS_CERT"},
	{"tls-key", "TLS_KEY"},
	{"trusted-proxies", "TRUSTED_PROXIES"},
	{"hosts", "HOSTS"},
	{"origins", "ORIGINS"},
	{"im-role", "IM_ROLE"},
	{"im-networks", "IM_NETWORKS"},
	{"health-listen", "HEALTH_LISTEN"},
	{"metrics-networks", "METRICS_NETWORKS"},
}

// nodeFlags registers the settings of a node. Each names its environment variable at the end of its text.
func (c *cli) nodeFlags(f *pflag.FlagSet, cfg *config) {
	f.StringVar(&cfg.WorkerID, "worker-id", "worker-1", c.t("this node's name; its data lie in DATA_DIR/WORKER_ID"))
	f.IntVar(&cfg.Port, "port", 0, c.t("this node's port for other nodes' actors; 0 takes a free one"))
	f.StringVar(&cfg.Join, "join", "", c.t("run accounts only, for the master whose gateway is there: HOST, HOST:PORT or a URL"))
	f.StringVar(&cfg.Token, "token", "", c.t("join token of the first start with --join; the master makes it by: troupe keys token"))
	f.StringVar(&cfg.ClusterHost, "cluster-host", defaultClusterHost, c.t("this node's own address, by which other nodes reach it; what it says to them is always encrypted"))
	f.IntVar(&cfg.ClusterPort, "cluster-port", 0, c.t("port where other nodes join, register and beat; on the master only; 0 takes a free one"))
	f.IntVar(&cfg.GossipPort, "gossip-port", 0, c.t("port, TCP and UDP, by which nodes notice each other; 0 takes a free one"))
	f.StringVar(&cfg.MasterHost, "master-host", "127.0.0.1", c.t("address that the gateway listens on; beyond loopback only with --tls-cert or --trusted-proxies"))
	f.IntVar(&cfg.MasterPort, "master-port", 3000, c.t("port of the gateway: IM clients, HTTP API, console; 0 takes a free one"))
	f.StringVar(&cfg.NodeEnv, "node-env", "development", c.t("development or production; production logs JSON and refuses development settings"))
	f.StringVar(&cfg.LogLevel, "log-level", "info", c.t("debug, info, warn or error"))
	f.IntVar(&cfg.MaxAccounts, "max-accounts", 10, c.t("how many accounts this node runs at most; 0 on a master whose workers run them all"))
	f.IntVar(&cfg.MaxConcurrent, "max-concurrent", 3, c.t("how many collecting rounds run at once"))
	f.BoolVar(&cfg.Headless, "headless", true, c.t("run Chromium without windows; false is --mode headful"))
	f.StringVar(&cfg.Mode, "mode", "", c.t("how Chromium runs: headless, headful (with windows) or shell (chromium-headless-shell); empty follows --headless"))
	f.StringVar(&cfg.Display, "display", "", c.t("X display of --mode headful; without one each needed screen is started with Xvfb"))
	f.StringVar(&cfg.Chromium, "chromium", "", c.t("Chromium's binary; found by itself when empty"))
	f.StringVar(&cfg.Sandbox, "sandbox", "auto", c.t("Chromium's sandbox: auto, require (prove it before any page is opened), or off, which is dangerous"))
	f.StringVar(&cfg.Retention, "retention", "168h", c.t("how long items are kept after they were last seen; never dropped while unread"))
	f.StringVar(&cfg.RecycleMemory, "recycle-memory", "600MiB", c.t("a browser that takes more memory is started again at a quiet moment; 0 for never"))
	f.StringVar(&cfg.RecycleAge, "recycle-age", "24h", c.t("a browser of about this age is started again at a quiet moment; 0 for never"))
	f.StringVar(&cfg.ExitURL, "exit-url", "", c.t("page that answers the caller's address; asked through a proxy when it is checked, to show its exit address"))
	f.StringVar(&cfg.Noise, "persona-noise", "off", c.t("noise of new accounts in canvas, WebGL and audio where they are not told: off, or seed, each its own"))
	f.StringVar(&cfg.Fence, "fence", "process", c.t("what holds an account's traffic back without a lease: this process, or kernel: nftables judge each packet as well (root only)"))
	f.StringVar(&cfg.EvidenceSize, "evidence-size", "1GiB", c.t("how much evidence of failed flows this node keeps, oldest dropped first"))
	f.StringVar(&cfg.EvidenceAge, "evidence-age", "168h", c.t("how long evidence of failed flows is kept"))
	f.StringVar(&cfg.Definitions, "definitions", "", c.t("folder of platform definitions that go before the built-in ones, watched while the node runs; empty is DATA_DIR/WORKER_ID/definitions"))
	f.BoolVar(&cfg.IMPush, "im-push", false, c.t("push each new message itself to IM clients too; the PC client's window comes to the front"))
	f.StringVar(&cfg.TLSCert, "tls-cert", "", c.t("file of the gateway's TLS certificate, with its chain (PEM); read again when it changes"))
	f.StringVar(&cfg.TLSKey, "tls-key", "", c.t("file of the certificate's private key (PEM)"))
	f.StringSliceVar(&cfg.Proxies, "trusted-proxies", nil, c.t("networks of reverse proxies that say who calls (X-Forwarded-For, -Proto, -Host), such as 10.0.0.2/32"))
	f.StringSliceVar(&cfg.Hosts, "hosts", nil, c.t("names that clients call this node by, beside localhost and those of its certificate"))
	f.StringSliceVar(&cfg.Origins, "origins", nil, c.t("pages of other addresses that may use this node, such as https://desk.example.org"))
	f.StringVar(&cfg.IMRole, "im-role", "agent", c.t("what IM clients without a token may do, as user pc-im: viewer, agent, operator, or off to refuse them"))
	f.StringSliceVar(&cfg.IMNetworks, "im-networks", nil, c.t("networks that IM clients without a token may come from, beside this machine, such as 192.168.1.0/24"))
	f.StringVar(&cfg.HealthListen, "health-listen", defaultHealthListen, c.t("address and port of /healthz, /readyz and /metrics on a node without a gateway; if given, also beside one; empty for none"))
	f.StringSliceVar(&cfg.MetricsNetworks, "metrics-networks", nil, c.t("networks that may read /metrics without a token, beside this machine, such as 10.0.0.5/32"))
	f.StringVar(&cfg.DevRole, "dev-role", "off", c.t("what requests from this machine may do without signing in; development only"))
	f.Float64Var(&cfg.Pace, "dev-pace", 1, c.t("how slowly a page is typed into: 1 like a person, 0 at once; development only"))
	f.StringVar(&cfg.DevDial, "dev-dial", "", c.t("dial this address for every host name, or DOMAIN=ADDRESS,...: look-alike sites; development only"))
	f.StringSliceVar(&cfg.DevPins, "dev-pin", nil, c.t("accept certificates with this public key pin; development only"))
	f.StringVar(&cfg.DevClock, "dev-clock", "", c.t("set this node's time of day off by the duration in this file, such as -24h; development only"))
	for _, s := range settings {
		if flag := f.Lookup(s.flag); flag != nil {
			flag.Usage += " (" + s.env + ")"
		}
	}
}

// dataDirFlag registers where the data lie: node and client commands share it.
func (c *cli) dataDirFlag(f *pflag.FlagSet) {
	f.StringVar(&c.dataDir, "data-dir", defaultDataDir(), c.t("folder of all data")+" (DATA_DIR)")
}

func defaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/troupe" // Chromium's own users must be able to reach it
	}
	if dir, err := os.UserHomeDir(); err == nil {
		return filepath.Join(dir, ".local", "share", "troupe")
	}
	return "data"
}

// fill sets every flag that was not given from the environment, and then from the file.
func fill(cmd *cobra.Command, file string, getenv func(string) string) error {
	var problems []error
	for _, s := range settings {
		flag := cmd.Flags().Lookup(s.flag)
		if flag == nil || flag.Changed {
			continue
		}
		if value := getenv(s.env); value != "" {
			if err := cmd.Flags().Set(s.flag, value); err != nil {
				problems = append(problems, fmt.Errorf("%s=%q: %w", s.env, value, err))
			}
		}
	}
	if file != "" {
		problems = append(problems, fillFromFile(cmd, file))
	}
	return errors.Join(problems...)
}

// fillFromFile reads a YAML file whose keys are flag names.
func fillFromFile(cmd *cobra.Command, file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read --config: %w", err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(raw, &values); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var problems []error
	for key, value := range values {
		flag := cmd.Flags().Lookup(key)
		if flag == nil || key == "config" {
			problems = append(problems, fmt.Errorf("%s: unknown setting %q; see troupe serve --help", file, key))
			continue
		}
		if !flag.Changed {
			if err := cmd.Flags().Set(key, settingText(value)); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %w", file, key, err))
			}
		}
	}
	return errors.Join(problems...)
}

// settingText is a value of the file as a flag takes it; a list becomes a text with commas.
func settingText(value any) string {
	list, is := value.([]any)
	if !is {
		return fmt.Sprint(value)
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ",")
}

// validate reports everything that is wrong with the settings at once, by the names that people set.
func (c *config) validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !messages.AccountID(strings.ToLower(c.WorkerID)).Valid() {
		bad("WORKER_ID=%q: 1 to 64 letters, digits, _ and -", c.WorkerID)
	}
	problems = append(problems, c.doorProblems()...)
	if c.MasterPort < 0 || c.MasterPort > 65535 {
		bad("MASTER_PORT=%d: not a port", c.MasterPort)
	}
	problems = append(problems, c.clusterProblems()...)
	if c.MaxAccounts < 0 {
		bad("MAX_ACCOUNTS=%d: a number, 0 for none on this node", c.MaxAccounts)
	}
	if c.MaxConcurrent < 1 {
		bad("MAX_CONCURRENT=%d: at least 1", c.MaxConcurrent)
	}
	switch browser.Sandbox(c.Sandbox) {
	case browser.SandboxAuto, browser.SandboxRequire, browser.SandboxOff:
	default:
		bad("SANDBOX=%q: auto, require or off", c.Sandbox)
	}
	switch c.mode() {
	case browser.Headless, browser.Headful, browser.Shell:
	default:
		bad("MODE=%q: headless, headful or shell", c.Mode)
	}
	if d, err := time.ParseDuration(c.Retention); err != nil || d < time.Hour {
		bad("RETENTION=%q: a duration of at least an hour, such as 168h", c.Retention)
	}
	if u, err := url.Parse(c.ExitURL); c.ExitURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		bad("EXIT_URL=%q: an address such as https://example.org/ip", c.ExitURL)
	}
	if c.Noise != "off" && c.Noise != "seed" {
		bad("PERSONA_NOISE=%q: off or seed", c.Noise)
	}
	if c.Fence != "process" && c.Fence != "kernel" {
		bad("FENCE=%q: process or kernel", c.Fence)
	}
	if n, err := humanize.ParseBytes(c.RecycleMemory); err != nil || n != 0 && n < 200<<20 {
		bad("RECYCLE_MEMORY=%q: a size of at least 200MiB, such as 600MiB, or 0", c.RecycleMemory)
	}
	if d, err := time.ParseDuration(c.RecycleAge); err != nil || d != 0 && d < 10*time.Minute {
		bad("RECYCLE_AGE=%q: a duration of at least ten minutes, such as 24h, or 0", c.RecycleAge)
	}
	if n, err := humanize.ParseBytes(c.EvidenceSize); err != nil || n < 1<<20 {
		bad("EVIDENCE_SIZE=%q: a size of at least 1MiB, such as 1GiB", c.EvidenceSize)
	}
	if d, err := time.ParseDuration(c.EvidenceAge); err != nil || d < time.Hour {
		bad("EVIDENCE_AGE=%q: a duration of at least an hour, such as 168h", c.EvidenceAge)
	}
	if info, err := os.Stat(c.Definitions); c.Definitions != "" && (err != nil || !info.IsDir()) {
		bad("DEFINITIONS=%q: no such folder", c.Definitions)
	}
	if _, err := parsePlaces(c.DevDial); c.DevDial != "" && err != nil {
		bad("--dev-dial: %v", err)
	}
	if _, err := c.level(); err != nil {
		bad("LOG_LEVEL=%q: debug, info, warn or error", c.LogLevel)
	}
	switch c.NodeEnv {
	case "development":
	case "production":
		if c.DevDial != "" || len(c.DevPins) > 0 || c.Pace != 1 || c.DevRole != "off" || c.DevClock != "" || c.Sandbox == "off" {
			bad("NODE_ENV=production refuses --dev-dial, --dev-pin, --dev-pace, --dev-role, --dev-clock and --sandbox off: they are for development")
		}
	default:
		bad("NODE_ENV=%q: development or production", c.NodeEnv)
	}
	return errors.Join(problems...)
}

// mode is how Chromium runs: by MODE, else by the specification's HEADLESS.
func (c *config) mode() browser.Mode {
	switch {
	case c.Mode != "":
		return browser.Mode(c.Mode)
	case c.Headless:
		return browser.Headless
	default:
		return browser.Headful
	}
}

func (c *config) level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}

// retention is how long items are kept; validate has checked it.
func (c *config) retention() time.Duration {
	d, err := time.ParseDuration(c.Retention)
	if err != nil {
		return 0 // the store's default
	}
	return d
}

// recycling says when browsers are started again; validate has checked it.
func (c *config) recycling() account.Recycling {
	memory, _ := humanize.ParseBytes(c.RecycleMemory)
	age, _ := time.ParseDuration(c.RecycleAge)
	return account.Recycling{Memory: int64(memory), Age: age}
}

// evidenceLimits are the bounds of the node's evidence; validate has checked them.
func (c *config) evidenceLimits() evidence.Limits {
	size, _ := humanize.ParseBytes(c.EvidenceSize)
	age, _ := time.ParseDuration(c.EvidenceAge)
	return evidence.Limits{Size: int64(size), Age: age}
}

// folder is where definitions are looked for; it may not exist yet, unless it was named.
func (c *config) folder() fs.FS {
	return os.DirFS(cmp.Or(c.Definitions, filepath.Join(c.nodeDir(), "definitions")))
}

// nodeDir is the folder of this node's data.
func (c *config) nodeDir() string { return filepath.Join(c.DataDir, c.WorkerID) }

// logger is the node's log on stderr: text for people, JSON in production; never a message whole.
func (c *config) logger() *slog.Logger {
	level, _ := c.level()
	options := &slog.HandlerOptions{Level: level}
	var h slog.Handler = slog.NewTextHandler(os.Stderr, options)
	if c.NodeEnv == "production" {
		h = slog.NewJSONHandler(os.Stderr, options)
	}
	return slog.New(messages.LogHandler(h)).With(slog.String("node", c.WorkerID))
}
