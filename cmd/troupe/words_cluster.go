package main

// chineseOfCluster holds the Chinese of what belongs to several nodes.
var chineseOfCluster = map[string]string{
	"Run a node: store, master, gateway and accounts; with --join, accounts only":                      "运行一个节点：存储、主控、网关和账号；加 --join 则只运行账号",
	"starting: ending left-over browsers, waiting for the master at %s ...":                            "正在启动：结束遗留的浏览器，等待 %s 的主控……",
	"worker %s runs accounts for the master at %s":                                                     "工作节点 %s 为 %s 的主控运行账号",
	"this node's port for other nodes' actors; 0 takes a free one":                                     "本节点供其他节点的 actor 使用的端口；0 表示任选空闲端口",
	"run accounts only, for the master whose gateway is there: HOST, HOST:PORT or a URL":               "只运行账号，主控的网关在这里：HOST、HOST:PORT 或网址",
	"join token of the first start with --join; the master makes it by: troupe keys token":             "第一次用 --join 启动时的加入令牌；在主控上用 troupe keys token 生成",
	"this node's own address, by which other nodes reach it; what it says to them is always encrypted": "本节点自己的地址，其他节点由此访问它；节点之间的通信始终加密",
	"port where other nodes join, register and beat; on the master only; 0 takes a free one":           "其他节点加入、注册和发送心跳的端口，只用于主控；0 表示任选空闲端口",
	"port, TCP and UDP, by which nodes notice each other; 0 takes a free one":                          "节点相互发现的端口（TCP 和 UDP）；0 表示任选空闲端口",
	"The keys that seal logins and passwords, and what lets other nodes join":                          "加密登录与密码的密钥，以及让其他节点加入的令牌和证书",
	"Show the cluster, and the fingerprint of the authority that makes its certificates":               "显示集群，以及签发其证书的机构的指纹",
	"cluster %s":                          "集群 %s",
	"authority %s, until %s":              "签发机构 %s，有效期至 %s",
	"nodes join, register and beat at %s": "节点在 %s 加入、注册和发送心跳",
	"Make a token that lets other nodes join; it is shown once":                                                      "生成让其他节点加入的令牌，只显示一次",
	"good for %d nodes until %s; on the other machine: troupe serve --worker-id NAME --join THIS_HOST --token TOKEN": "可供 %d 个节点使用，有效期至 %s；在另一台机器上：troupe serve --worker-id 名字 --join 本机地址 --token 令牌",
	"how long the token holds":  "令牌有效多久",
	"how many nodes it lets in": "令牌可让几个节点加入",
	"Write the files of a node that joins without a token: its certificate and the cluster's keys":          "写出不用令牌加入的节点所需的文件：它的证书和集群的密钥",
	"%q is no name for a node: 1 to 64 letters, digits, _ and -":                                            "%q 不能作节点名：1 到 64 个字母、数字、_ 和 -",
	"%s is what DATA_DIR/%s needs on the other machine; then: troupe serve --worker-id %s --join THIS_HOST": "%s 就是另一台机器上 DATA_DIR/%s 所需的内容；然后：troupe serve --worker-id %s --join 本机地址",
	"whoever has these files can take the node's place and open logins: carry them safely":                  "拿到这些文件的人可以冒充该节点并打开登录：请妥善携带",
	"folder to write them to": "写到哪个目录",
	"DATA_DIR %s has not one master's folder with the cluster's authority, but %d": "DATA_DIR %s 里应有一个带集群签发机构的主控目录，实际有 %d 个",
}
