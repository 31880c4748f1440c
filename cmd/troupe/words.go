package main

// The longer texts of the help.
const (
	exitCodesText = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no node reachable, 4 not found, 5 refused or outcome unknown."
	loginText     = "The code is drawn in the terminal, and again when the platform replaces it. If the platform asks for a\n" +
		"code from a text message, type it. Interrupting cancels the login.\n\n" +
		"Exit codes: 0 logged in, 1 failed, 5 refused, cancelled or timed out."
	replyText = "The topic and the ids come from troupe items or troupe topics; those in the examples are the demo's. A reply is\n" +
		"sent at most once; it ends confirmed, failed or unknown, and an unknown one is never sent again by itself.\n\n" +
		"Exit codes: 0 confirmed, 1 failed (not sent), 5 refused or unknown."
	serveText = "Run a whole system on this machine: the store of everything observed, the master, the gateway for IM clients\n" +
		"and the HTTP API, and up to MAX_ACCOUNTS accounts, each in its own Chromium.\n\n" +
		"Every setting is a flag, an environment variable (in brackets) or a key of the --config file (YAML, keys named\n" +
		"like the flags). A flag wins over the environment, the environment over the file.\n\n" +
		"Stop it with Ctrl-C or SIGTERM: logins are saved, browsers closed, nothing is lost. After a crash it goes on\nwhere it was."
	demoText = "Start a node and a made-up social site, log two accounts in by QR code, and let visitors comment and write.\n" +
		"Items and replies scroll by. Nothing but this machine is reached. The data lie in a folder of their own that is\n" +
		"removed at the end. Ctrl-C ends everything."
	importText = "The file is one from \"troupe account export\", or a storage state of Playwright, as the earlier Node system left it for each\n" +
		"account. What it holds is shown first. The account must be paused; its own persona stays. Its next browser starts with\n" +
		"this login and nothing else."
	keysText = "A node joins with a token from \"troupe keys token\"; all connections between nodes are encrypted, and each node proves itself by a\n" +
		"certificate that it renews by itself.\n\n" +
		"Logins and proxies' passwords rest sealed in the store; the keys are in the file \"keys\" of the node's data folder and nowhere\n" +
		"else. A rotation adds a key and seals everything anew; old keys stay until they are retired, which is refused while\n" +
		"anything needs them. It may be interrupted: the next start goes on."
	proxyText = "An account goes out through its proxy and through nothing else: while the proxy is down, the account waits. Chromium\n" +
		"never sees the password; it rests sealed and is never shown again. Left out of the command line, it is asked for\n" +
		"on a terminal; scripts give it with --password-stdin.\n\n" +
		"Exit codes of test: 0 the proxy works, 1 it does not, 3 nobody could check it."
	platformText = "A platform is a folder with platform.yaml and what stands beside it (docs/platforms.md). One in the definitions folder of\n" +
		"the node goes before the built-in one of its name. It may be edited while the node runs: a valid version is taken up\n" +
		"within seconds, an invalid one is refused and named, and what runs stays."
	validateText = "PATH is the folder of a definition, its platform.yaml, or a folder of such folders. Exit codes: 0 all are valid, 1 faults\n" +
		"were found."
	tryText = "The account's own browser makes one probe and one round by the version that runs, and the same by the definition. Nothing\n" +
		"is sent, marked or stored. What the two read is compared.\n\n" +
		"Exit codes: 0 the round went well, 1 it did not, or the definition has faults."
	recordText = "The account's own browser makes one probe and one round in tabs of its own. All that its pages received goes into a\n" +
		"folder: documents, scripts, answers, frames and what came of them. Cookies, tokens, signatures and phone numbers are\n" +
		"taken out, and what people wrote is hidden unless --texts keeps it. Nothing is sent, marked or stored. A round that\n" +
		"fails is recorded too."
	replayText = "A stand-in for the site answers what was recorded, and nothing else; no host is reached. What comes out is compared\n" +
		"with the recording's result.\n\nExit codes: 0 as recorded, 1 it differs."
	siteText = "NAME is sandbox (the demo's, and if none is named), douyin, xiaohongshu, guestbook or feed. Each is shown with the phone\n" +
		"that scans its codes (it makes an owner as well), or what its login asks for, and with the command of a browser to which\n" +
		"nothing but the site exists. The last line starts a node against all of them. The definitions of guestbook and feed\n" +
		"stand in platforms/examples: copy them into the node's definitions folder."
	completionText = "Source the script, or put it where your shell looks for completions: for bash\n" +
		"~/.local/share/bash-completion/completions/troupe, for zsh a folder of $fpath, under the name _troupe,\n" +
		"for fish ~/.config/fish/completions/troupe.fish. Accounts' ids are completed too, from the running node."
)

// chinese holds the Chinese of every text: those that stand in the code, and the words that the API answers with.
var chinese = map[string]string{
	exitCodesText: "退出码：0 成功，1 失败，2 用法错误，3 连不上节点，4 找不到，5 被拒绝或结果未知。",
	loginText: "二维码直接画在终端里，平台更换后会重画。平台要求短信验证码时，请直接输入。中断命令即取消登录。\n\n" +
		"退出码：0 已登录，1 失败，5 被拒绝、已取消或超时。",
	serveText: "在本机运行整个系统：保存全部内容的存储、主控、供 IM 客户端和 HTTP API 使用的网关，以及最多 MAX_ACCOUNTS 个账号，\n" +
		"每个账号一个独立的 Chromium。\n\n" +
		"每项设置可以是选项、环境变量（括号内）或 --config 文件里的键（YAML，键名与选项相同）。\n选项优先于环境变量，环境变量优先于文件。\n\n" +
		"用 Ctrl-C 或 SIGTERM 停止：登录会保存，浏览器会关闭，什么都不会丢。崩溃之后从原处继续。",
	demoText: "启动一个节点和一个虚构的社交网站，扫码登录两个账号，再让访客评论、发私信。\n" +
		"内容和回复滚动显示。只在本机运行，不访问外网。数据放在单独的目录里，结束时删除。Ctrl-C 结束一切。",
	completionText: "在 shell 里 source 这个脚本，或放到 shell 查找补全的位置：bash 为 ~/.local/share/bash-completion/completions/troupe，\n" +
		"zsh 为 $fpath 中某个目录，文件名 _troupe，fish 为 ~/.config/fish/completions/troupe.fish。账号编号也能补全，取自运行中的节点。",
	replyText: "话题和编号见 troupe items 或 troupe topics；示例里的编号是演示（troupe demo）中的。一条回复最多发送一次；结果是已确认、失败或未知，\n" +
		"未知的回复绝不会自动重发。\n\n退出码：0 已确认，1 失败（没有发出），5 被拒绝或结果未知。",

	siteText: "NAME 是 sandbox（演示用的，不写时就是它）、douyin、xiaohongshu、guestbook 或 feed。每个网站都会列出扫码用的手机页（也可新建号主）\n" +
		"或登录要填的内容，以及一条浏览器命令：在那个浏览器里只有这个网站。最后一行启动一个连到这些网站的节点。\n" +
		"guestbook 和 feed 的定义在 platforms/examples，请复制到节点的定义目录。",
	importText: "文件可以是 \"troupe account export\" 导出的，也可以是 Playwright 的 storage state（旧 Node 系统为每个账号留下的那种）。\n" +
		"先显示其中有什么。账号必须处于暂停状态；它自己的浏览器形象不变。下一次启动浏览器只用这份登录。",
	keysText: "其他节点凭 \"troupe keys token\" 发的令牌加入；节点之间的连接全部加密，每个节点用会自动续期的证书证明自己。\n\n" +
		"登录和代理密码都加密存放；密钥只在节点数据目录的 \"keys\" 文件里。轮换会添加一把新密钥，并用它把全部内容重新加密；\n" +
		"旧密钥保留到被停用为止，只要还有内容需要它，停用就会被拒绝。轮换可以中断，下次启动会继续。",
	proxyText: "账号只经过自己的代理出网：代理不通时账号等待，绝不直连。Chromium 看不到密码；密码加密保存，不再显示。\n" +
		"命令行里不写密码时，会在终端上询问；脚本请用 --password-stdin。\n\n" +
		"test 的退出码：0 代理可用，1 不可用，3 没有节点能检查。",

	platformText: "平台就是一个目录：platform.yaml 和它旁边的文件（见 docs/platforms.md）。节点的定义目录里的版本优先于同名的内置版本。\n" +
		"节点运行时可以直接修改：有效的版本几秒内生效，无效的会被拒绝并指出原因，正在运行的不变。",
	validateText: "PATH 是定义的目录、其中的 platform.yaml，或由这些目录组成的目录。退出码：0 全部有效，1 发现错误。",
	tryText: "账号用自己的浏览器，先按正在运行的版本登录检查一次、查看一轮，再按该定义做同样的事。不发送、不标记、不保存。\n" +
		"然后比较两者读到的内容。\n\n退出码：0 这一轮正常，1 不正常，或定义有错误。",

	recordText: "账号用自己的浏览器，在单独的标签页里登录检查一次、查看一轮。页面收到的一切都写进一个目录：文档、脚本、应答、帧以及由此得到的结果。\n" +
		"Cookie、令牌、签名和电话号码会被去掉；人们写的内容会被遮盖，除非用 --texts 保留。不发送、不标记、不保存。失败的一轮也会录下。",
	replayText: "由替身站点按录制内容应答，除此之外什么都不应答；不访问任何主机。结果与录制的结果相比较。\n\n退出码：0 与录制一致，1 有差异。",

	// commands
	"Record a round of an account, without its secrets":                                                    "录制账号的一轮查看，去掉其中的秘密",
	"Make a recorded round again in a real Chromium, offline, and compare":                                 "在真实的 Chromium 里离线重放录制的一轮，并作比较",
	"folder to write, which must not exist yet; ACCOUNT and the time when empty":                           "要写的目录，不能已经存在；不填为账号加时间",
	"keep what people wrote, and pictures of the pages; else it is hidden behind words of the same length": "保留人们写的内容和页面截图；否则用等长的文字遮盖",
	"folder of the definition to run; the built-in one of the recording's platform when empty":             "要运行的定义的目录；不填为该平台的内置定义",
	"store what came out as the recording's result":                                                        "把得到的结果存为录制的结果",
	"%s exists already; choose another folder with --output":                                               "%s 已经存在；请用 --output 换个目录",
	"recording a round of %s ...":                                                                          "正在录制 %s 的一轮……",
	"%s: %d answers and frames, %d items":                                                                  "%s：%d 个应答和帧，%d 条内容",
	"the round ended with %s at %s":                                                                        "这一轮以 %s 结束，位于 %s",
	"replaying %s by version %d of %s ...":                                                                 "正在重放 %s，版本 %d，平台 %s……",
	"no platform %s is built in: name its folder with --definition":                                        "没有内置平台 %s：请用 --definition 指定目录",
	"the recording has no answer to %s":                                                                    "录制里没有对 %s 的应答",
	"as recorded: %d items":                                                                                "与录制一致：%d 条内容",
	"%d differences":                                                                                       "%d 处差异",
	"List, validate, try and roll back the definitions of platforms":                                       "列出、校验、试用和回退平台定义",
	"List the platforms and the version that each runs; of one, every version that it can go back to":      "列出平台及各自运行的版本；指定一个平台时，列出可回退的全部版本",
	"Run an earlier version of a platform until the definitions folder changes":                            "运行平台的较早版本，直到定义目录改变",
	"Check definitions, without a node: every fault with its file and line":                                "不需要节点，校验定义：每处错误都带文件和行号",
	"Run a definition on one account, read-only, and compare":                                              "在一个账号上只读试用一份定义，并作比较",
	"on which account? name it with --account; see: troupe account list":                                   "在哪个账号上？请用 --account 指定；见：troupe account list",
	"account to try it on":                                                                                 "用来试用的账号",
	"the trial ended with %s at %s":                                                                        "试用以 %s 结束，位于 %s",
	"tried version %d (%s) beside version %d (%s), which runs: %s":                                         "试用版本 %d（%s），与运行中的版本 %d（%s）比较：%s",
	"the version that runs ends with %s itself":                                                            "正在运行的版本自己的结果是 %s",
	"it failed: %s: %s": "失败：%s：%s",
	"hosts in neither list of the definition; paste those that belong to the site:": "定义的两个名单里都没有的主机；属于该网站的请粘贴进去：",
	"%d faults":                  "%d 处错误",
	"%s: ok: %s version %d (%s)": "%s：有效：%s 版本 %d（%s）",
	"%s runs version %d (%s); its accounts take it up between two rounds":      "%s 现在运行版本 %d（%s）；账号在两轮之间换用",
	"the version in the definitions folder of %s is refused, what runs stays:": "定义目录里 %s 的版本被拒绝，正在运行的不变：",
	"none is valid": "没有有效版本", "rolled back, until the folder changes": "已回退，直到目录改变", "built in": "内置", "definitions folder": "定义目录", "runs": "运行中",
	"VERSION": "版本", "STEP": "步骤", "DIGEST": "摘要", "SOURCE": "来源", "TAKEN UP": "启用时间", "MATCHED": "匹配", "COLLECTION": "集合", "TRIED": "试用", "CURRENT": "当前", "MISSING": "缺少", "EXTRA": "多出",
	"folder of platform definitions that go before the built-in ones, watched while the node runs; empty is DATA_DIR/WORKER_ID/definitions": "平台定义的目录，优先于内置定义，节点运行时一直查看；不填为 DATA_DIR/WORKER_ID/definitions",
	"Save an account's login as a file; whoever has it is logged in":                                                                        "把账号的登录存成文件；谁有这个文件，谁就已登录",
	"a login is not shown in a terminal: name a file with --output":                                                                         "登录不会显示在终端里：请用 --output 指定文件",
	"warning: this file is the login of %s; keep it as you would its password, and remove it after use":                                     "警告：这个文件就是 %s 的登录；请像密码一样保管，用完删除",
	"file to write, readable by you only; it must not exist yet":                                                                            "要写的文件，只有你能读；不能已经存在",
	"as a storage state of Playwright, which holds less":                                                                                    "写成 Playwright 的 storage state，内容较少",
	"%s exists already; a login overwrites nothing: choose another name":                                                                    "%s 已经存在；登录不会覆盖任何文件，请换个名字",
	"Replace a paused account's login by one from a file":                                                                                   "用文件里的登录替换已暂停账号的登录",
	"%s is larger than any login: %d bytes at most":                                                                                         "%s 比任何登录都大：最多 %d 字节",
	"%s is not JSON": "%s 不是 JSON",
	"This replaces the login of %s. Type its id to go on: ":               "这会替换 %s 的登录。输入它的编号以继续：",
	"not confirmed; nothing was written (use --yes to skip the question)": "未确认，什么都没有写（--yes 可跳过询问）",
	"replaced the login of %s":                                            "已替换 %s 的登录",
	"next: troupe account resume %s":                                      "下一步：troupe account resume %s",
	"cookies":                                                             "Cookie",
	"%d, of which %d end with the session and %d are partitioned":         "%d 个，其中 %d 个随会话结束，%d 个分区",
	"domains":                  "域名",
	"local storage":            "本地存储",
	"%d entries of %d origins": "%d 项，属于 %d 个来源",
	"origins":                  "来源",
	"not taken over":           "未导入",
	"List the keys, and how much is sealed with each":        "列出密钥及各自加密的数量",
	"Add a key, and seal everything anew with it":            "添加一把密钥，并用它重新加密全部内容",
	"Take a key out of the ring that seals nothing any more": "停用一把不再加密任何内容的密钥",
	"KEY": "密钥", "LOGINS": "登录", "PASSWORDS": "密码",
	"missing": "缺失", "newest": "最新", "in use": "使用中", "can be retired": "可停用",
	"%d logins and passwords are sealed with key %s now":                                               "%d 个登录和密码现在由密钥 %s 加密",
	"back up the ring's file: without it no login opens; retire old keys with: troupe keys retire KEY": "请备份密钥文件：没有它，任何登录都打不开；停用旧密钥：troupe keys retire KEY",
	"%d could not be opened and stay as they were; the node's log names them":                          "%d 个无法打开，保持原样；节点日志里有它们的名字",
	"Backups from before the last rotation cannot be opened without key %s. Type its name to go on: ":  "没有密钥 %s，上次轮换之前的备份将无法打开。输入它的名字以继续：",
	"retired key %s": "已停用密钥 %s",
	"Add, change, test, assign and remove proxies": "添加、修改、检查、分配和删除代理",
	"Add a proxy": "添加代理",
	"Change a proxy; its accounts follow without a restart":                     "修改代理；使用它的账号随即跟随，不重启",
	"List the proxies, their state and who uses them":                           "列出代理、状态和使用它的账号",
	"Check a proxy now, by an account that uses it":                             "马上检查代理，由使用它的账号来查",
	"Let accounts go out through a proxy, or directly; no browser is restarted": "让账号经代理或直接出网；不重启浏览器",
	"Remove a proxy that no account uses":                                       "删除没有账号使用的代理",
	"another name":                                                              "另一个名称",
	"through no proxy at all":                                                   "不经任何代理",
	"http, https or socks5":                                                     "http、https 或 socks5",
	"name or address of the proxy":                                              "代理的域名或地址",
	"its port":                                                                  "代理的端口",
	"user name; the password is asked for":                                      "用户名；密码会另行询问",
	"read the password from the first line of the standard input":               "从标准输入的第一行读取密码",
	"proxy that it goes out through; none when empty":                           "出网所经的代理；不填则不经代理",
	"off or seed: noise of its own in canvas, WebGL and audio; the node's default when empty": "off 或 seed：canvas、WebGL 和音频里带自己的噪声；不填为节点默认",
	"Watch and answer your own social-media accounts, one real browser each":                  "看管并回复自己的社交媒体账号，每个账号一个真实浏览器",
	"Add, show, pause, resume and remove accounts":                                            "添加、查看、暂停、恢复和删除账号",
	"Add an account":    "添加账号",
	"List the accounts": "列出账号",
	"Show one account":  "查看一个账号",
	"Close an account's browser until it is resumed":                          "关闭账号的浏览器，直到恢复",
	"Let an account go on after a pause, a captcha or a parking":              "在暂停、验证码或停放之后让账号继续",
	"Let an account look at its page at once":                                 "让账号马上看一次页面",
	"Save a picture of an account's page":                                     "保存账号页面的截图",
	"Erase an account: profile, sealed login and all data":                    "清除账号：浏览器资料、登录状态和全部数据",
	"Log an account in by QR code":                                            "扫码登录账号",
	"Show comments and messages, the newest last; --follow goes on":           "显示评论和私信，最新的在最后；--follow 持续显示",
	"List works and conversations, or show what was written in one":           "列出作品和会话，或显示其中一个的内容",
	"Send a reply, and wait until it stands on the platform":                  "发送回复，并等它出现在平台上",
	"List replies and what became of them":                                    "列出回复及其结果",
	"List what a person should look at":                                       "列出需要人处理的事",
	"List the nodes and their load":                                           "列出节点及其负载",
	"Show the node in one glance":                                             "节点概况",
	"Print the version":                                                       "显示版本",
	"id of the account; made by the node when empty":                          "账号编号；不填由节点生成",
	"your own name for it on the platform":                                    "账号在平台上的名字",
	"seconds between two looks, 10 to 300; 0 = the platform's own pace":       "两次查看之间的秒数，10 到 300；0 为平台自己的节奏",
	"log it in at once":                                                       "马上登录",
	"only of this platform":                                                   "只看这个平台",
	"only in this state":                                                      "只看这个状态",
	"only in this state; open = not ended":                                    "只看这个状态；open 为尚未结束",
	"only of this account":                                                    "只看这个账号",
	"only work or conversation":                                               "只看 work（作品）或 conversation（会话）",
	"only what nobody has read":                                               "只看未读",
	"mark the shown topic as read":                                            "把显示的话题标为已读",
	"why, for those who look later":                                           "原因，给以后查看的人",
	"file to write; ACCOUNT.png when empty":                                   "要写的文件；不填为 账号.png",
	"do not ask":                                                              "不询问",
	"also save the code's picture to this file":                               "同时把二维码图片存到这个文件",
	"how many, at most 500":                                                   "条数，最多 500",
	"print what comes in, until interrupted":                                  "持续显示新内容，直到中断",
	"also those that are over":                                                "也列出已结束的",
	"your own key: the same id is never sent twice":                           "自己的编号：同一编号绝不发送两次",
	"the agent's name, for the record":                                        "客服的名字，留作记录",
	"return as soon as it is accepted":                                        "接受后马上返回",
	"how long to wait":                                                        "等多久",
	"print JSON":                                                              "输出 JSON",
	"address of the node instead, such as 127.0.0.1:3000":                     "改用节点的地址，如 127.0.0.1:3000",
	"language of texts: en or zh; else from LC_ALL, LC_MESSAGES or LANG":      "文字语言：en 或 zh；默认取自 LC_ALL、LC_MESSAGES 或 LANG",
	"contents, comments, discussions, conversations, messages, notifications": "contents 作品、comments 评论、discussions 讨论、conversations 会话、messages 私信、notifications 通知",
	"id of the comment, discussion or message that is answered; empty = the work or person": "所回复的评论、讨论或私信的编号；不填为作品或对方本人",
	"%v; did you mean %s?": "%v；是不是 %s？",
	"%v; see %s --help":    "%v；见 %s --help",

	// node and demo
	"Show it live: a node, a made-up social site and two accounts":                                          "现场演示：一个节点、一个虚构的社交网站和两个账号",
	"YAML file with settings; its keys are named like the flags":                                            "YAML 设置文件，键名与选项相同",
	"this node's name; its data lie in DATA_DIR/WORKER_ID":                                                  "本节点的名字，数据在 DATA_DIR/WORKER_ID",
	"address that the gateway listens on; beyond loopback only with --tls-cert or --trusted-proxies":        "网关监听的地址；超出本机回环需要 --tls-cert 或 --trusted-proxies",
	"file of the gateway's TLS certificate, with its chain (PEM); read again when it changes":               "网关 TLS 证书文件（PEM，含证书链）；变化时重新读取",
	"file of the certificate's private key (PEM)":                                                           "证书私钥文件（PEM）",
	"networks of reverse proxies that say who calls (X-Forwarded-For, -Proto, -Host), such as 10.0.0.2/32":  "可信反向代理的网段（由它们以 X-Forwarded-For、-Proto、-Host 说明来访者），如 10.0.0.2/32",
	"names that clients call this node by, beside localhost and those of its certificate":                   "客户端访问本节点所用的名字（localhost 和证书中的名字之外）",
	"pages of other addresses that may use this node, such as https://desk.example.org":                     "允许使用本节点的其他地址的网页，如 https://desk.example.org",
	"what IM clients without a token may do, as user pc-im: viewer, agent, operator, or off to refuse them": "没有令牌的 IM 客户端（用户 pc-im）的角色：viewer、agent、operator，或 off 拒绝",
	"networks that IM clients without a token may come from, beside this machine, such as 192.168.1.0/24":   "本机之外，没有令牌的 IM 客户端可以来自哪些网段，如 192.168.1.0/24",
	"what requests from this machine may do without signing in; development only":                           "本机未登录的请求拥有什么角色；仅供开发",
	"there is no admin yet: open %s and enter this code, once: %s":                                          "还没有管理员：打开 %s，输入这个一次性代码：%s",
	"port of the gateway: IM clients, HTTP API, console; 0 takes a free one":                                "网关端口：IM 客户端、HTTP API、控制台；0 为任选空闲端口",
	"development or production; production logs JSON and refuses development settings":                      "development 或 production；production 输出 JSON 日志，并拒绝开发用设置",
	"debug, info, warn or error": "debug、info、warn 或 error",
	"how many accounts this node runs at most; 0 on a master whose workers run them all":                               "本节点最多运行多少个账号；主控可设为 0，全部由工作节点运行",
	"how many collecting rounds run at once":                                                                           "同时进行多少轮采集",
	"run Chromium without windows; false is --mode headful":                                                            "不显示浏览器窗口；false 即 --mode headful",
	"push each new message itself to IM clients too; the PC client's window comes to the front":                        "另逐条推送新消息给 IM 客户端；PC 客户端窗口会因此弹到最前",
	"how Chromium runs: headless, headful (with windows) or shell (chromium-headless-shell); empty follows --headless": "Chromium 的运行方式：headless、headful（有窗口）或 shell（chromium-headless-shell）；留空则按 --headless",
	"X display of --mode headful; without one each needed screen is started with Xvfb":                                 "--mode headful 使用的 X 显示；未指定时按需用 Xvfb 启动所需的屏幕",
	"Chromium's binary; found by itself when empty":                                                                    "Chromium 程序的路径，不填自动查找",
	"Chromium's sandbox: auto, require (prove it before any page is opened), or off, which is dangerous":               "Chromium 沙箱：auto（自动）、require（打开任何页面前先证实）或 off（关闭，有风险）",
	"warning":                      "警告",
	"%s: Chromium's sandbox is %s": "%s：Chromium 沙箱 %s",
	"warning: Chromium runs without its sandbox; a hostile page could take over this machine":                                       "警告：Chromium 未启用沙箱，恶意页面可能控制本机",
	"a browser that takes more memory is started again at a quiet moment; 0 for never":                                              "浏览器占用内存超过此值时，在空闲时刻重新启动；0 表示从不",
	"a browser of about this age is started again at a quiet moment; 0 for never":                                                   "浏览器运行大约这么久之后，在空闲时刻重新启动；0 表示从不",
	"this machine could carry about %d accounts (%s of memory available, %d cores); MAX_ACCOUNTS=%d":                                "本机大约可承载 %d 个账号（可用内存 %s，%d 个核心）；MAX_ACCOUNTS=%d",
	"page that answers the caller's address; asked through a proxy when it is checked, to show its exit address":                    "返回访问者地址的网页；检查代理时经由代理访问它，以显示出口地址",
	"what holds an account's traffic back without a lease: this process, or kernel: nftables judge each packet as well (root only)": "没有租约时由谁拦住账号的流量：本进程；或 kernel：另由 nftables 检查每个数据包（需要 root）",
	"how much evidence of failed flows this node keeps, oldest dropped first":                                                       "本节点最多保留多少失败流程的证据，先删除最旧的",
	"how long evidence of failed flows is kept":                                                                                     "失败流程的证据保留多久",
	"how long items are kept after they were last seen; never dropped while unread":                                                 "内容最后一次见到之后保留多久；未读的不会删除",
	"how slowly a page is typed into: 1 like a person, 0 at once; development only":                                                 "输入的快慢：1 像真人，0 为立即；仅供开发",
	"dial this address for every host name, or DOMAIN=ADDRESS,...: look-alike sites; development only":                              "所有域名都连到这个地址，或用 域名=地址,... 分别指定：仿真网站；仅供开发",
	"set this node's time of day off by the duration in this file, such as -24h; development only":                                  "让本节点的时间偏离，偏离量写在这个文件里，如 -24h；仅供开发",
	"accept certificates with this public key pin; development only":                                                                "接受带有此公钥指纹的证书；仅供开发",
	"folder of all data": "全部数据的目录",
	"address that nodes and browsers are led to; empty is a free port":                         "节点和浏览器连接的地址；留空则用空闲端口",
	"address for people: the phone, the visitors' view, the control API; empty is a free port": "给人用的地址：手机、访客视图、控制接口；留空则用空闲端口",
	"an address is for one site, and there are several":                                        "地址只能给一个网站，这里有好几个",
	"help for this command":  "本命令的说明",
	"Help about any command": "查看任何命令的说明",
	"Print the completion script for bash, zsh, fish or powershell":           "输出 bash、zsh、fish 或 powershell 的补全脚本",
	"leave the scanning of QR codes to you":                                   "二维码留给你来扫",
	"how often a visitor does something":                                      "访客多久做一件事",
	"Run look-alikes of social sites, to see them or to develop against them": "运行仿真的社交网站，用来查看或对着它开发平台",
	"site": "网站", "phone": "手机", "log": "日志", "login": "登录", "reply": "回复",
	"console": "控制台",
	"and write a comment on the site's page: it is with all of them in a moment": "再到网站页面上写一条评论：转眼各处都能看到",
	"try in another terminal:":                     "在另一个终端里试试：",
	"both accounts are logged in; visitors arrive": "两个账号都已登录，访客来了",
	"the site asks %s for a captcha, and its account waits for a person: press the button on %s/phone, then run: troupe account resume %s": "网站要求 %s 完成安全验证，账号已暂停并等待人工：请在 %s/phone 上按“完成验证”，再运行：troupe account resume %s",
	"scan the code of %s on %s/phone (choose the owner %s)":                                                                                "请在 %[2]s/phone 上扫 %[1]s 的码（选择所有者 %[3]s）",
	"stopping: saving logins, closing browsers ...":                                                                                        "正在停止：保存登录、关闭浏览器……",

	"noise of new accounts in canvas, WebGL and audio where they are not told: off, or seed, each its own": "新账号在 canvas、WebGL 和音频里的噪声（未指明时）：off 无，seed 各自不同",

	// what is said
	"error:":                            "错误：",
	"stopped":                           "已中断",
	"waiting for the node's answer ...": "正在等待节点答复……",
	"waiting for the browser of %s ...": "正在等待 %s 的浏览器……",
	"starting: ending left-over browsers, reading the store ...": "正在启动：结束遗留的浏览器、读取存储……",
	"troupe runs at %s": "troupe 运行在 %s",
	"data in %s":        "数据在 %s",
	"next: troupe account add PLATFORM NAME --login":                                                           "下一步：troupe account add 平台 名称 --login",
	"%s belongs to another user: run this command as the user that runs the node":                              "%s 属于另一个用户：请用运行节点的用户执行本命令",
	"no node is running in DATA_DIR %s: start one with \"troupe serve\", or name it with --data-dir or --addr": "DATA_DIR %s 里没有运行中的节点：用 \"troupe serve\" 启动，或用 --data-dir、--addr 指明",
	"several nodes run in DATA_DIR %s: choose one with --data-dir %s":                                          "DATA_DIR %s 里运行着几个节点：用 --data-dir %s 选一个",
	"no accounts yet; add one with: troupe account add PLATFORM NAME":                                          "还没有账号；添加：troupe account add 平台 名称",
	"added account %s":                    "已添加账号 %s",
	"next: troupe login %s":               "下一步：troupe login %s",
	"removed account %s":                  "已删除账号 %s",
	"account %s: %s":                      "账号 %s：%s",
	"taking the picture ...":              "正在截图……",
	"closing the browser and erasing ...": "正在关闭浏览器并清除……",
	"This erases profile, login and all data of %s for ever. Type its id to go on: ": "这会永久清除 %s 的浏览器资料、登录和全部数据。输入账号编号以继续：",
	"not confirmed; nothing was removed (use --yes to skip the question)":            "未确认，什么都没有删除（--yes 可跳过询问）",
	"waiting for the login page of %s ...":                                           "正在等待 %s 的登录页……",
	"login cancelled":                                                                "已取消登录",
	"saved the code to %s":                                                           "二维码已存到 %s",
	"the code was replaced by a new one":                                             "二维码已更换",
	"this code cannot be drawn here (%v); use --png FILE and open the file":          "这个码画不出来（%v）；请用 --png 文件，再打开该文件",
	"scan this code with the platform's app":                                         "请用平台的 App 扫码",
	"it works until %s":                                                              "有效期至 %s",
	"scanned; now confirm on the phone":                                              "已扫码，请在手机上确认",
	"the login asks for a code, and there is no input to read it from":               "登录要求验证码，但没有输入可读",
	"login %s: %s":            "登录%s：%s",
	"account %s is logged in": "账号 %s 已登录",
	"nothing here yet":        "还没有内容",
	"no alarm":                "没有告警",
	"the items of %s are still being read from disk":                    "%s 的内容还在从磁盘读取",
	"some items may be missing here: list them again with troupe items": "这里可能缺了一些：请用 troupe items 重新列出",
	"if you try again, use --id %s: then it is sent at most once":       "再试时请用 --id %s：这样最多发送一次",
	"reply %s: %s": "回复 %s：%s",
	"%s; not ended within %s: see troupe replies":                                            "%s；%s 内没有结束：见 troupe replies",
	"%s; look at the page before sending it again":                                           "%s；重发之前请先看页面",
	"%d works, %d comments, %d discussions, %d conversations, %d messages, %d notifications": "%d 个作品、%d 条评论、%d 条讨论、%d 个会话、%d 条私信、%d 条通知",
	"%d, %d online":                           "%d，在线 %d",
	"%d, %d online, %d wait for a person":     "%d，在线 %d，等人处理 %d",
	"pid %d, started %d times, gate open: %s": "进程 %d，启动过 %d 次，网关开放：%s",

	"added proxy %s: %s":         "已添加代理 %s：%s",
	"changed proxy %s: %s":       "已修改代理 %s：%s",
	"removed proxy %s":           "已删除代理 %s",
	"next: troupe proxy test %s": "下一步：troupe proxy test %s",
	"no proxies yet; every account goes out directly; add one with: troupe proxy add NAME URL": "还没有代理，所有账号都直接出网；添加：troupe proxy add 名称 URL",
	"the proxy does not work":                                          "代理不可用",
	"(with a password)":                                                "（有密码）",
	"the proxy cannot be reached":                                      "连不上代理",
	"the proxy refuses user name or password":                          "代理不接受用户名或密码",
	"it is no proxy of this kind":                                      "那里不是这种代理",
	"the proxy does not answer in time":                                "代理没有及时应答",
	"the proxy answers, but cannot reach the site":                     "代理有应答，但到不了网站",
	"checking proxy %s ...":                                            "正在检查代理 %s……",
	"directly, without a proxy":                                        "直接出网，不经代理",
	"through proxy %s":                                                 "经代理 %s",
	"This forgets proxy %s and its password. Type its name to go on: ": "这会删除代理 %s 及其密码。输入代理名称以继续：",
	"%v; write it like socks5://user@host:port":                        "%v；请写成 socks5://用户@主机:端口",
	"warning: other users of this machine can see a password in a command line, and the shell keeps it; leave it out, and it is asked for": "注意：命令行里的密码会被本机其他用户看到，也会留在 shell 历史里；不写的话会另行询问",
	"--password-stdin: there is no password in the standard input":                                                                         "--password-stdin：标准输入里没有密码",
	"Password of %s (empty = none, or as it was): ":                                                                                        "%s 的密码（不填为没有，或保持原样）：",
	"the one before was ended on purpose: %s":                                                                                              "上一个是有意结束的：%s",
	"%s sent, %s received, %d connections, %d open":                                                                                        "发出 %s，收到 %s，连接 %d 次，现有 %d 个",
	"and %d more": "另有 %d 个",
	"%s, %s, %s, screen %d x %d, %d cores, noise %s":         "%s，%s，%s，屏幕 %d x %d，%d 核，噪声 %s",
	"self-test not yet run":                                  "自检还没有做",
	"self-test ok":                                           "自检正常",
	"self-test failed: %s":                                   "自检不符：%s",
	"the same for all accounts of this machine: %s":          "本机所有账号都相同的：%s",
	"for %d accounts as set up; the machines could carry %d": "按设置可容 %d 个账号；机器估计能承载 %d 个",

	// headings of tables
	"ACCOUNT": "账号", "PLATFORM": "平台", "NAME": "名称", "STATE": "状态", "UNREAD": "未读", "LAST ROUND": "上一轮", "REASON": "原因",
	"TIME": "时间", "TOPIC": "话题", "KIND": "类别", "ID": "编号", "FROM": "来自", "TEXT": "内容", "COUNT": "条数", "TITLE": "标题", "LAST": "最近",
	"SINCE": "开始", "UNTIL": "结束", "ALARM": "告警", "WHERE": "位置", "NODE": "节点", "ONLINE": "在线", "ACCOUNTS": "账号", "BROWSERS": "浏览器",
	"MEMORY": "内存", "LOAD": "负载", "LAST BEAT": "上次心跳", "SANDBOX": "沙箱",
	"account": "账号", "platform": "平台", "name": "名称", "state": "状态", "since": "自", "logged in": "已登录", "node": "节点", "epoch": "任期",
	"rounds": "轮次", "last": "上次", "next": "下次", "browser": "浏览器", "holds": "持有", "unread": "未读", "open replies": "未结束的回复",
	"alarm": "告警", "open alarms": "未解除的告警", "version": "版本", "running for": "已运行", "accounts": "账号", "nodes": "节点",
	"PROXY": "代理", "ADDRESS": "地址", "EXIT": "出口", "LATENCY": "延迟", "CHECKED": "检查于", "MODE": "模式", "CARRIES": "能承载", "FULL": "已满",
	"proxy": "代理", "exit address": "出口地址", "latency": "延迟", "checked by": "检查者", "way out": "出网", "traffic": "流量", "refused": "拒绝",
	"unlisted hosts": "未列出的主机", "persona": "浏览器身份", "room": "容量", "full": "已满",
	"yes": "是", "no": "否",

	// words of the API
	"starting": "启动中", "watching": "看管中", "logging_in": "登录中", "logged_out": "未登录", "challenge": "需要验证", "page_changed": "页面已变",
	"rate_limited": "被限速", "proxy_down": "代理不通", "paused": "已暂停", "draining": "收尾中", "parked": "已停放", "clock": "时钟跳变",
	"accepted": "已接受", "assigned": "已分派", "dispatching": "发送中", "confirmed": "已确认", "failed": "失败", "unknown": "未知",
	"pending": "等待中", "scanning": "已扫码", "success": "成功", "timeout": "超时", "expired": "已过期", "cancelled": "已取消",
	"ok": "正常", "off": "关", "seed": "按账号", "memory": "内存", "age": "年限", "idle": "空闲",
	"contents": "作品", "comments": "评论", "discussions": "讨论", "conversations": "会话", "messages": "私信", "notifications": "通知",
	"work": "作品", "conversation": "会话", "verification_code": "验证码", "phone_number": "手机号", "password": "密码",
}
