package main

// The longer texts about accounts that are brought in, and about many logins.
const (
	importListText = "A list has the columns platform, name, proxy, tags and, if wanted, id (平台, 名称, 代理, 标签, 账号). A proxy is the name of one, or\n" +
		"its address. A data folder of the earlier Node system has storage states; accounts.json, proxies.json or accounts.csv beside\n" +
		"them say platforms, names and proxies. What would become of each account is shown first; one that exists already is left alone."
	linkText = "The link works for the device that opens it first, for one account, until it expires or the account is logged in. It opens nothing\n" +
		"else. Whoever has it can scan the code: send it as you would a password."
	queueText = "Without accounts, every account that is logged out is queued. The queue rests with the node: interrupted, it goes on where it\n" +
		"was, here or in the console. An account that nobody scans goes to the end, and after three tries it is given up."
)

// chineseOfLogins holds the Chinese of what belongs to bringing accounts in and to the login queue.
var chineseOfLogins = map[string]string{
	importListText: "清单的列是 平台、名称、代理、标签，可另加 账号（platform, name, proxy, tags, id）。代理写已有代理的名称，或它的地址。\n" +
		"旧 Node 系统的数据目录里有 storage state；旁边的 accounts.json、proxies.json 或 accounts.csv 说明平台、名称和代理。\n" +
		"先逐个显示会怎样处理；已存在的账号不动。",
	linkText:  "链接只给最先打开它的那台设备用，只能登录这一个账号，过期或登录成功后即失效，打不开别的东西。\n拿到它的人就能扫码：请像密码一样发送。",
	queueText: "不写账号时，所有未登录的账号都排队。队列保存在节点里：中断后可在这里或控制台接着做。\n没人扫的账号排到队尾，三次之后不再自动显示。",
	"Add accounts from a CSV file or a Node worker's data folder, or replace one account's login": "从 CSV 文件或旧 Node 系统的数据目录添加账号，或替换一个账号的登录",
	"only say what would become of each account":                                                  "只说明每个账号会怎样处理",
	"platform of the accounts whose row names none":                                               "没有写平台的那些行用的平台",
	"tags that every account gets beside its own":                                                 "每个账号另外都加上的标签",
	"Add what is ready, %d at most? Type yes to go on: ":                                          "添加可以添加的账号（最多 %d 个）？输入 yes 继续：",
	"added %d accounts, refused %d":                                                               "已添加 %d 个账号，拒绝 %d 个",
	"by QR code":                                                                                  "扫码",
	"%d cookies":                                                                                  "%d 个 Cookie",
	"%s holds no storage states and no list of accounts":                                          "%s 里没有 storage state，也没有账号清单",
	"%s holds more than %d MB: bring it in by parts":                                              "%s 超过 %d MB：请分几次导入",
	"Make a one-time link that shows an account's QR code":                                        "生成一次性链接，给拿手机的人看某个账号的二维码",
	"valid until %s, for the first device that opens it":                                          "有效至 %s，只给最先打开的设备用",
	"how long it is valid, 1 to 60; 10 when 0":                                                    "有效多少分钟，1 到 60；0 为 10 分钟",
	"Log many accounts in, one code after the other":                                              "逐个扫码登录多个账号",
	"only accounts with this tag":                                                                 "只要带此标签的账号",
	"how many codes are shown side by side in the console, 1 to 20":                               "控制台同时显示几个二维码，1 到 20",
	"only show who waits":                                                                         "只显示谁在排队",
	"take everybody out":                                                                          "清空队列",
	"%s (%s), %d more wait":                                                                       "%s（%s），另有 %d 个在排队",
	"nobody waits for a scan any more":                                                            "没有等待扫码的账号了",
	"account %s changed":                                                                          "已修改账号 %s",
	"Change an account's name, tags or pace":                                                      "修改账号的名称、标签或节奏",
	"its new name":                                                                                "新名称",
	"its tags, all of them, separated by commas; \"\" = none":                                     "全部标签，用逗号分隔；\"\" 为没有",
	"your own words for it, separated by commas":                                                  "自己给它的标签，用逗号分隔",
	"tags":    "标签",
	"PLACE":   "位置",
	"OUTCOME": "结果",
	"LOGIN":   "登录",
	"TRIES":   "次数",
	"ready":   "可添加",
	"added":   "已添加",
	"exists":  "已存在",
}
