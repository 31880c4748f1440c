package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionCommand prints the version; it needs no node.
func versionCommand(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: c.t("Print the version"), Example: "  troupe version\n  troupe version --json", Args: c.args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			v := map[string]string{"version": version(), "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
			return c.print(v, func() { fmt.Fprintf(c.out, "troupe %s (%s %s/%s)\n", v["version"], v["go"], v["os"], v["arch"]) })
		},
	}
}

// version is the program's version as the Go tool recorded it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return info.Main.Version + " " + s.Value[:12]
		}
	}
	return info.Main.Version
}
