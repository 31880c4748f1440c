package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"troupe/actors/gateway/api"
)

// proxyCommand groups what can be done with proxies.
func proxyCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use: "proxy", Aliases: []string{"proxies"}, Short: c.t("Add, change, test, assign and remove proxies"),
		Long:    c.t("Add, change, test, assign and remove proxies") + ".\n\n" + c.t(proxyText),
		Example: "  troupe proxy list", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(proxyAdd(c), proxySet(c), proxyList(c), proxyTest(c), proxyAssign(c), proxyRemove(c))
	return cmd
}

func proxyAdd(c *cli) *cobra.Command {
	var given proxySettings
	cmd := &cobra.Command{
		Use: "add NAME [URL]", Short: c.t("Add a proxy"),
		Example: "  troupe proxy add office socks5://anna@proxy.example:1080\n" +
			"  troupe proxy add home --scheme http --host proxy.example --port 3128 --user anna --password-stdin",
		Args: c.args(cobra.RangeArgs(1, 2)), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			if err := given.complete(c, args[1:]); err != nil {
				return err
			}
			var p api.Proxy
			body := api.NewProxy{
				Name: args[0], Scheme: given.scheme, Host: given.host, Port: given.port, Username: given.user, Password: given.password,
			}
			if err := cl.post(cmd.Context(), "/proxies", body, &p); err != nil {
				return err
			}
			return c.print(p, func() {
				fmt.Fprintln(c.out, c.f("added proxy %s: %s", p.Name, c.proxyAddress(p)))
				fmt.Fprintln(c.out, c.f("next: troupe proxy test %s", p.Name))
			})
		},
	}
	given.flags(c, cmd)
	return cmd
}

func proxySet(c *cli) *cobra.Command {
	var given proxySettings
	var name string
	cmd := c.onProxy("set", c.t("Change a proxy; its accounts follow without a restart"), cobra.RangeArgs(1, 2), func(cmd *cobra.Command, cl *client, args []string) error {
		if err := given.complete(c, args[1:]); err != nil {
			return err
		}
		body := api.ProxyChange{Password: given.password}
		optional(&body.Name, name)
		optional(&body.Scheme, given.scheme)
		optional(&body.Host, given.host)
		optional(&body.Port, given.port)
		optional(&body.Username, given.user)
		if cmd.Flags().Changed("user") {
			body.Username = &given.user // an empty one ends user name and password
		}
		var p api.Proxy
		if err := cl.call(cmd.Context(), http.MethodPatch, proxyPath(args[0]), nil, body, &p); err != nil {
			return err
		}
		return c.print(p, func() { fmt.Fprintln(c.out, c.f("changed proxy %s: %s", p.Name, c.proxyAddress(p))) })
	})
	cmd.Use = "set NAME [URL]"
	cmd.Example = "  troupe proxy set office --port 1081\n  troupe proxy set office --user anna --password-stdin"
	given.flags(c, cmd)
	cmd.Flags().StringVar(&name, "name", "", c.t("another name"))
	return cmd
}

func optional[T comparable](to **T, value T) {
	var none T
	if value != none {
		*to = &value
	}
}

func proxyList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Aliases: []string{"ls"}, Short: c.t("List the proxies, their state and who uses them"),
		Example: "  troupe proxy list\n  troupe proxy list --json", Args: c.args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var list struct {
				Proxies []api.Proxy `json:"proxies"`
			}
			if err := cl.get(cmd.Context(), "/proxies", nil, &list); err != nil {
				return err
			}
			return c.print(list, func() { c.proxyTable(list.Proxies) })
		},
	}
}

func (c *cli) proxyTable(list []api.Proxy) {
	if len(list) == 0 {
		fmt.Fprintln(c.out, c.t("no proxies yet; every account goes out directly; add one with: troupe proxy add NAME URL"))
		return
	}
	var t table
	t.add(c.t("PROXY"), c.t("ADDRESS"), c.t("STATE"), c.t("EXIT"), c.t("LATENCY"), c.t("CHECKED"), c.t("ACCOUNTS"), c.t("REASON"))
	for _, p := range list {
		accounts, latency := "-", "-"
		if len(p.Accounts) > 0 {
			accounts = short(strings.Join(p.Accounts, " "), 40)
		}
		if p.LatencyMS > 0 {
			latency = fmt.Sprintf("%d ms", p.LatencyMS)
		}
		exit := p.ExitAddress
		if exit == "" {
			exit = "-"
		}
		t.add(p.Name, clean(c.proxyAddress(p)), c.t(p.State), clean(exit), latency, clock(p.CheckedAt), accounts, c.proxyTrouble(p))
	}
	t.write(c.out)
}

// proxyAddress is a proxy's address without its password.
func (c *cli) proxyAddress(p api.Proxy) string {
	u := url.URL{Scheme: p.Scheme, Host: hostPort(p.Host, p.Port)}
	if p.Username != "" {
		u.User = url.User(p.Username)
	}
	if p.HasPassword {
		return u.String() + " " + c.t("(with a password)")
	}
	return u.String()
}

// proxyTrouble says in words what is wrong with a proxy, and what it said itself.
func (c *cli) proxyTrouble(p api.Proxy) string {
	var words string
	switch p.Class {
	case "":
		return ""
	case "upstream_unreachable":
		words = c.t("the proxy cannot be reached")
	case "upstream_auth":
		words = c.t("the proxy refuses user name or password")
	case "upstream_protocol":
		words = c.t("it is no proxy of this kind")
	case "upstream_timeout":
		words = c.t("the proxy does not answer in time")
	case "target_unreachable":
		words = c.t("the proxy answers, but cannot reach the site")
	default:
		words = p.Class
	}
	if p.Reason == "" {
		return words
	}
	return words + ": " + short(p.Reason, 80)
}

func proxyTest(c *cli) *cobra.Command {
	return c.onProxy("test", c.t("Check a proxy now, by an account that uses it"), cobra.ExactArgs(1), func(cmd *cobra.Command, cl *client, args []string) error {
		c.progress("checking proxy %s ...", args[0])
		var p api.Proxy
		if err := cl.post(cmd.Context(), proxyPath(args[0])+"/test", nil, &p); err != nil {
			return err
		}
		if err := c.print(p, func() { c.proxyResult(p) }); err != nil {
			return err
		}
		if p.State != "ok" {
			return errors.New(c.t("the proxy does not work"))
		}
		return nil
	})
}

func (c *cli) proxyResult(p api.Proxy) {
	var t table
	t.add(c.t("proxy"), p.Name+"  "+clean(c.proxyAddress(p)))
	t.add(c.t("state"), c.t(p.State)+"  "+c.proxyTrouble(p))
	if p.ExitAddress != "" {
		t.add(c.t("exit address"), clean(p.ExitAddress))
	}
	if p.LatencyMS > 0 {
		t.add(c.t("latency"), (time.Duration(p.LatencyMS) * time.Millisecond).String())
	}
	t.add(c.t("checked by"), strings.TrimSpace(p.CheckedBy+" "+p.CheckedOn))
	t.write(c.out)
}

func proxyAssign(c *cli) *cobra.Command {
	var direct bool
	cmd := &cobra.Command{
		Use: "assign NAME ACCOUNT... | --direct ACCOUNT...", Short: c.t("Let accounts go out through a proxy, or directly; no browser is restarted"),
		Example: "  troupe proxy assign office sb_1 sb_2\n  troupe proxy assign --direct sb_2",
		Args: c.args(func(cmd *cobra.Command, args []string) error {
			if direct {
				return cobra.MinimumNArgs(1)(cmd, args)
			}
			return cobra.MinimumNArgs(2)(cmd, args)
		}),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if direct || len(args) > 0 {
				return c.completeAccounts(cmd, nil, typed)
			}
			return c.completeProxies(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			var name string
			if !direct {
				name, args = args[0], args[1:]
			}
			return c.assignProxy(cmd, cl, name, args)
		},
	}
	cmd.Flags().BoolVar(&direct, "direct", false, c.t("through no proxy at all"))
	return cmd
}

// assignProxy goes through the accounts in their order and ends at the first that is refused.
func (c *cli) assignProxy(cmd *cobra.Command, cl *client, name string, accounts []string) error {
	list := make([]api.Account, 0, len(accounts))
	for _, id := range accounts {
		var a api.Account
		if err := cl.call(cmd.Context(), http.MethodPut, accountPath(id)+"/proxy", nil, api.WayOut{Proxy: &name}, &a); err != nil {
			return err
		}
		list = append(list, a)
		if !c.json {
			fmt.Fprintln(c.out, c.f("account %s: %s", a.ID, c.wayOut(a)))
		}
	}
	return c.print(map[string]any{"accounts": list}, func() {})
}

// wayOut says how an account goes out.
func (c *cli) wayOut(a api.Account) string {
	if a.Proxy == "" {
		return c.t("directly, without a proxy")
	}
	return c.f("through proxy %s", a.Proxy)
}

func proxyRemove(c *cli) *cobra.Command {
	var sure bool
	cmd := c.onProxy("remove", c.t("Remove a proxy that no account uses"), cobra.ExactArgs(1), func(cmd *cobra.Command, cl *client, args []string) error {
		name := args[0]
		if !sure {
			fmt.Fprint(c.errs, c.f("This forgets proxy %s and its password. Type its name to go on: ", name))
			line, _ := bufio.NewReader(c.in).ReadString('\n')
			if strings.TrimSpace(line) != name {
				return &errUsage{c.t("not confirmed; nothing was removed (use --yes to skip the question)")}
			}
		}
		if err := cl.call(cmd.Context(), http.MethodDelete, proxyPath(name), url.Values{"confirm": {name}}, nil, nil); err != nil {
			return err
		}
		return c.print(map[string]any{"proxy": name, "removed": true}, func() { fmt.Fprintln(c.out, c.f("removed proxy %s", name)) })
	})
	cmd.Flags().BoolVar(&sure, "yes", false, c.t("do not ask"))
	return cmd
}

// onProxy makes a command below proxy whose first argument is a proxy's name.
func (c *cli) onProxy(verb, text string, check cobra.PositionalArgs, do func(cmd *cobra.Command, cl *client, args []string) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAME", Short: text, Example: "  troupe proxy " + verb + " office",
		Args: c.args(check), ValidArgsFunction: c.completeProxies,
		RunE: func(cmd *cobra.Command, args []string) error {
			cl, err := c.client()
			if err != nil {
				return err
			}
			return do(cmd, cl, args)
		},
	}
}

// completeProxies offers the proxies' names to the shell, as the first argument or a flag's value.
func (c *cli) completeProxies(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	cl, err := c.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var list struct{ Proxies []api.Proxy }
	if cl.get(cmd.Context(), "/proxies", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range list.Proxies {
		names = append(names, p.Name+"\t"+clean(c.proxyAddress(p)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// proxyPath is the address of one proxy.
func proxyPath(name string) string { return "/proxies/" + url.PathEscape(name) }
