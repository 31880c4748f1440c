package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"troupe/testkit/site"
	"troupe/testkit/site/douyin"
	"troupe/testkit/site/feed"
	"troupe/testkit/site/guestbook"
	"troupe/testkit/site/talk"
	"troupe/testkit/site/xiaohongshu"
)

// lookAlike is a site that people can look at and develop a platform against.
type lookAlike struct {
	name    string
	domains []string // the names that lead to it, each with those below it
	page    string   // where a person begins
	login   string   // what its login asks for; "" is the phone
	start   func(tls, phone string) (running, error)
}

// running is a look-alike that was started.
type running interface {
	Addr() string     // that its names lead to
	SPKI() string     // the pin of its certificate
	PhoneURL() string // for people
	Close() error
}

// lookAlikes are all of them; the first is the demo's.
var lookAlikes = []lookAlike{
	{"sandbox", []string{"sandbox.test"}, "https://www.sandbox.test/", "", func(tls, phone string) (running, error) {
		return site.Start(site.Options{Seed: demoSeed, Addr: tls, PhoneAddr: phone})
	}},
	{"douyin", domainsOf(douyin.Hosts()), "https://www.douyin.com/", "", func(tls, phone string) (running, error) {
		return douyin.Start(douyin.Options{Seed: demoSeed, Addr: tls, PhoneAddr: phone})
	}},
	{"xiaohongshu", domainsOf(xiaohongshu.Hosts()), "https://www.xiaohongshu.com/explore", "", func(tls, phone string) (running, error) {
		return xiaohongshu.Start(xiaohongshu.Options{Seed: demoSeed, Addr: tls, PhoneAddr: phone})
	}},
	{"guestbook", domainsOf(guestbook.Hosts()), "https://book.test/", "店主 / " + talk.Password, func(tls, phone string) (running, error) {
		return filled(guestbook.Start(talk.Options{Addr: tls, PhoneAddr: phone}))
	}},
	{"feed", domainsOf(feed.Hosts()), "https://www.feed.test/", talk.Phone + " / " + talk.Code, func(tls, phone string) (running, error) {
		return filled(feed.Start(talk.Options{Addr: tls, PhoneAddr: phone}))
	}},
}

// domainsOf are the names that a site's hosts stand below, each once.
func domainsOf(hosts []string) (all []string) {
	for _, host := range hosts {
		labels := strings.Split(host, ".")
		if domain := strings.Join(labels[max(0, len(labels)-2):], "."); !slices.Contains(all, domain) {
			all = append(all, domain)
		}
	}
	return all
}

// filled gives a small site something to show.
func filled(t *talk.Talk, err error) (running, error) {
	if err != nil {
		return nil, err
	}
	t.Fill(3, 8, 4)
	return t, nil
}

// siteCommand runs look-alikes alone, for those who want to see one, or to write a platform against it.
func siteCommand(c *cli) *cobra.Command {
	tls, phone := "", ""
	cmd := &cobra.Command{
		Use: "site [NAME...]", Short: c.t("Run look-alikes of social sites, to see them or to develop against them"), Long: c.t(siteText),
		Example:   "  troupe site\n  troupe site douyin --addr-phone 127.0.0.1:0\n  troupe site douyin xiaohongshu guestbook feed",
		Args:      c.args(cobra.OnlyValidArgs),
		ValidArgs: lookAlikeNames(),
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = []string{lookAlikes[0].name}
			}
			if len(names) > 1 && tls+phone != "" {
				return &errUsage{c.t("an address is for one site, and there are several")}
			}
			return c.runSites(cmd, names, tls, phone)
		},
	}
	cmd.Flags().StringVar(&tls, "addr-tls", "", c.t("address that nodes and browsers are led to; empty is a free port"))
	cmd.Flags().StringVar(&phone, "addr-phone", "", c.t("address for people: the phone, the visitors' view, the control API; empty is a free port"))
	return cmd
}

func lookAlikeNames() (names []string) {
	for _, l := range lookAlikes {
		names = append(names, l.name)
	}
	return names
}

// runSites starts the named look-alikes and shows how to reach them, until the command is interrupted.
func (c *cli) runSites(cmd *cobra.Command, names []string, tls, phone string) (err error) {
	var dial, pins []string
	for _, l := range lookAlikes {
		if !slices.Contains(names, l.name) {
			continue
		}
		web, failed := l.start(tls, phone)
		if failed != nil {
			return fmt.Errorf("start %s: %w", l.name, failed)
		}
		defer func() { err = errors.Join(err, web.Close()) }()
		c.showSite(l, web)
		for _, domain := range l.domains {
			dial = append(dial, domain+"="+web.Addr())
		}
		pins = append(pins, web.SPKI())
	}
	fmt.Fprintf(c.out, "%-8s troupe serve --dev-dial %s --dev-pin %s\n", c.t("node"), strings.Join(dial, ","), strings.Join(pins, ","))
	<-cmd.Context().Done()
	return nil
}

// showSite says how people see one.
func (c *cli) showSite(l lookAlike, web running) {
	fmt.Fprintf(c.out, "%-8s %s\n%-8s %s/phone\n", c.t("site"), l.name, c.t("phone"), web.PhoneURL())
	if l.login != "" {
		fmt.Fprintf(c.out, "%-8s %s\n", c.t("login"), l.login)
	}
	fmt.Fprintf(c.out, "%-8s chromium --user-data-dir=/tmp/troupe-site-%s --host-resolver-rules=\"MAP * %s\" --ignore-certificate-errors-spki-list=%s %s\n\n",
		c.t("browser"), l.name, web.Addr(), web.SPKI(), l.page)
}
